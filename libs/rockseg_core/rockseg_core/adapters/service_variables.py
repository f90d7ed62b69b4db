"""All variables of the two services, which know nothing of each other: one may see the other's in a shared environment.

A test holds the names against the settings of both.
"""

from collections.abc import Mapping
from typing import Final

import structlog

from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.adapters.kafka.settings import PREFIX as KAFKA
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.adapters.s3.settings import PREFIX as S3
from rockseg_core.adapters.s3.settings import S3Settings
from rockseg_core.adapters.stderr_log import VARIABLE
from rockseg_core.codec.settings import PREFIX
from rockseg_core.codec.unknown_variables import unknown_variables, variables_of

_OF_THE_API: Final = """
    HOST PORT METRICS_HOST METRICS_PORT KEYS_FILE VIEW_PATH VIEW_MAX_BYTES PHOTO_MAX_BYTES PHOTO_MAX_PIXELS
    UPLOAD_MEMORY_BYTES UPLOAD_IDLE_SECONDS ANSWER_MEMORY_BYTES UPLOAD_SECONDS CONNECTIONS HEAD_SECONDS STALL_SECONDS
    SUBMIT_RATE SUBMIT_BURST UNFINISHED_JOBS QUEUE_SHARE LIFETIME_SECONDS BARRIER_SECONDS RENDER_WORKERS
    RENDER_MEGAPIXELS SWEEP_SECONDS OBJECT_PREFIX DRAIN_SECONDS
"""
_OF_THE_WORKER: Final = """
    MODEL METRICS_HOST METRICS_PORT JOBS_IN_FLIGHT MAX_ATTEMPTS PHOTO_MAX_PIXELS PHOTOS_FETCHED PHOTOS_DECODED
    PIXELS_DECODED CPU_THREADS BATCH_TILES BATCH_DELAY_SECONDS BACKOFF_FIRST_SECONDS BACKOFF_MOST_SECONDS DRAIN_SECONDS
    FORWARD_SECONDS SELF_TEST_SECONDS OBJECT_PREFIX
"""
SERVICE_VARIABLES: Final = (
    frozenset(PREFIX + name for name in (_OF_THE_API + _OF_THE_WORKER).split())
    | variables_of(KafkaSettings, KAFKA)
    | variables_of(GroupSettings, KAFKA)
    | variables_of(S3Settings, S3)
    | {VARIABLE}
)

_log = structlog.get_logger()


def warn_of_unknown(environ: Mapping[str, str]) -> None:
    """A line in the log for each variable that looks like a setting and is none."""
    for variable, near in unknown_variables(environ, SERVICE_VARIABLES):
        _log.warning("no such setting", variable=variable, did_you_mean=near)
