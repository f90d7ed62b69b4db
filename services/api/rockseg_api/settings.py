from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from rockseg_core.codec import settings as variables
from rockseg_core.domain.errors import SettingsError

MIB = 2**20
HOUR = 3600
MAX_LIFETIME_SECONDS = 7 * 24 * HOUR


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be set of the HTTP service; the defaults are the limits of the HTTP contract."""

    host: Annotated[str, msgspec.Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="The port; 0 takes a free one.")] = 8080
    metrics_host: Annotated[str, msgspec.Meta(description="The address of /metrics.")] = "127.0.0.1"
    metrics_port: Annotated[
        int, msgspec.Meta(ge=0, le=65535, description="The port of /metrics, a server of its own; 0 turns it off.")
    ] = 9090
    keys_file: Annotated[
        Path | None, msgspec.Meta(description="API keys, `tenant:key_id:sha256hex` a line; re-read when it changes.")
    ] = None
    view_path: Annotated[
        Path | None, msgspec.Meta(description="Where this replica keeps its job view; unset, a temporary file.")
    ] = None
    view_max_bytes: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            description="Bytes that there are for the job view: an alert tells when it grows near them. 0: unknown.",
        ),
    ] = 0
    photo_max_bytes: Annotated[
        int, msgspec.Meta(ge=1024, le=1024 * MIB, description="The largest photo taken, in bytes.")
    ] = 64 * MIB
    photo_max_pixels: Annotated[
        int, msgspec.Meta(ge=1, le=10**9, description="The largest photo taken, in pixels.")
    ] = 64_000_000
    upload_memory_bytes: Annotated[
        int,
        msgspec.Meta(
            ge=1024, description="Bytes of uploads held at once, half of it a tenant's; beyond it 503 `uploads_busy`."
        ),
    ] = 256 * MIB
    upload_idle_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="How long an upload may pause; then 408 `upload_too_slow`.")
    ] = 15.0
    answer_memory_bytes: Annotated[
        int,
        msgspec.Meta(
            ge=1024, description="Bytes of results sent at once, half of it a tenant's; beyond it 503 `answers_busy`."
        ),
    ] = 384 * MIB
    upload_seconds: Annotated[float, msgspec.Meta(gt=0, description="How long one upload may take.")] = 300.0
    connections: Annotated[
        int, msgspec.Meta(ge=1, description="Connections at once; never more than half of the files it may open.")
    ] = 10_000
    head_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="How long a client may take to send a request's line and headers.")
    ] = 20.0
    stall_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="How long a client may take nothing of its answer before it is cut off.")
    ] = 20.0
    submit_rate: Annotated[float, msgspec.Meta(gt=0, description="Submits a second, for each key and replica.")] = 20.0
    submit_burst: Annotated[int, msgspec.Meta(ge=1, description="Submits that a key may send at once.")] = 40
    unfinished_jobs: Annotated[
        int, msgspec.Meta(ge=1, description="Jobs of one tenant that may wait or run; beyond it 429.")
    ] = 1000
    queue_share: Annotated[
        float,
        msgspec.Meta(gt=0, le=1, description="No more is taken once a job waits for this share of the lifetime: 503."),
    ] = 0.25
    lifetime_seconds: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=MAX_LIFETIME_SECONDS,
            description="How long a job and its results are kept: 7 days at most. A replica that starts with a shorter "
            "one reads no further back: older jobs, accepted with a longer one, are unknown to it (404).",
        ),
    ] = 24.0 * HOUR
    barrier_seconds: Annotated[
        float, msgspec.Meta(gt=0, description="How long a read waits for the log; then `Rockseg-Stale: true`.")
    ] = 0.5
    render_workers: Annotated[int, msgspec.Meta(ge=1, le=64, description="Overlays drawn at once.")] = 2
    render_megapixels: Annotated[int, msgspec.Meta(ge=1, description="Megapixels of photos being drawn at once.")] = 128
    sweep_seconds: Annotated[
        float, msgspec.Meta(ge=1, description="Between two searches for expired jobs whose objects are to be deleted.")
    ] = 60.0
    object_prefix: variables.ObjectPrefix = ""
    drain_seconds: Annotated[
        float, msgspec.Meta(ge=0, description="How long requests may take to end after SIGTERM.")
    ] = 20.0


def from_environment(environ: Mapping[str, str]) -> ApiSettings:
    """Raises SettingsError that names the variable."""
    settings = variables.read_settings(ApiSettings, environ)
    if settings.upload_memory_bytes < settings.photo_max_bytes:
        raise SettingsError(
            "ROCKSEG_UPLOAD_MEMORY_BYTES is below ROCKSEG_PHOTO_MAX_BYTES: the largest photo would never fit"
        )
    return settings


def settings_table() -> str:
    """All variables as a Markdown table, for the docs."""
    return variables.settings_table(ApiSettings)
