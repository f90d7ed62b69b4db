"""`rockseg-api` as a process of its own, on Kafka and S3; its settings come from the environment alone."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

import structlog
import uvloop
from prometheus_client import CollectorRegistry

from rockseg_api.bootstrap import build_api
from rockseg_api.metrics import ApiMetrics
from rockseg_api.serving import Serving, listen
from rockseg_api.settings import ApiSettings, from_environment
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.adapters.s3 import API_PROFILE, S3Store, s3_settings
from rockseg_core.adapters.service_variables import warn_of_unknown
from rockseg_core.adapters.stderr_log import log_to_stderr
from rockseg_core.adapters.waiting import until_brokers_answer, until_store_answers
from rockseg_core.domain import trace
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import SettingsError
from rockseg_core.ports.feed import Topic

_log = structlog.get_logger("rockseg_api")


def serve(environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM; the exit code. Raises SettingsError with one sentence that names the variable.

    Parts that do not answer are waited for, and the log names them; one that answers "no" ends the process.
    """
    limits = from_environment(environ)
    if limits.keys_file is None:
        raise SettingsError("ROCKSEG_KEYS_FILE is not set: the file of API keys' hashes")
    connection = KafkaConnection(kafka_settings(environ))
    metrics = ApiMetrics(CollectorRegistry())
    store = S3Store(
        s3_settings(environ), API_PROFILE, on_fault=lambda reason: metrics.store_faults.labels(reason).inc()
    )
    log_to_stderr(environ)
    warn_of_unknown(environ)
    return uvloop.run(_serve(limits, limits.keys_file, connection, store, metrics))


async def _serve(
    limits: ApiSettings, keys_file: Path, connection: KafkaConnection, store: S3Store, metrics: ApiMetrics
) -> int:
    listener = listen(limits.host, limits.port)
    log = KafkaLog(connection, trace.current.get, lambda reason: metrics.log_faults.labels(reason).inc())
    feed = KafkaFeed(connection)
    log.open()
    try:
        with tempfile.TemporaryDirectory(prefix="rockseg-api-") as folder:
            api = build_api(
                limits,
                store=store,
                log=log,
                feed=feed,
                clock=SystemClock(),
                keys_file=keys_file,
                view_path=limits.view_path or Path(folder) / "view.sqlite3",
                metrics=metrics,
            )
            async with Serving(api, limits, listener) as serving:
                host, port, *_ = listener.getsockname()
                _log.info("listening", host=host, port=port)
                await serving.unless_stopped(_wait_for_parts(store, connection, limits))
                await serving.unless_stopped(asyncio.Event().wait())
                _log.info("draining")
        return 0
    finally:
        await asyncio.gather(log.close(), feed.close(), store.close())


async def _wait_for_parts(store: S3Store, connection: KafkaConnection, limits: ApiSettings) -> None:
    async def look() -> str | None:
        await store.check(limits.object_prefix)
        return await store.expiry_warning(limits.object_prefix)

    warning, _ = await asyncio.gather(
        until_store_answers(look), until_brokers_answer(connection, [Topic.JOBS, Topic.JOB_EVENTS])
    )
    if warning:
        _log.warning(warning)
