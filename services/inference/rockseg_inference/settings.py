import os
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from rockseg_core.codec import settings as variables
from rockseg_core.domain.errors import SettingsError

_MOST_THREADS: Final = 8  # beyond, decoding and PNG writing wait for memory, not for cores


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be set of a worker; the documented table is made from this class."""

    jobs_in_flight: Annotated[
        int, Meta(ge=1, description="Jobs that a worker has begun and not ended, waiting for store or log included.")
    ] = 16
    max_attempts: Annotated[
        int, Meta(ge=1, description="Crashes or faults after which a job fails and goes to the dead-letter topic.")
    ] = 3
    photo_max_pixels: Annotated[int, Meta(ge=1, description="The largest photo taken, in pixels.")] = 64_000_000
    photos_fetched: Annotated[
        int, Meta(ge=1, description="Photos fetched and not yet decoded: keeps the device fed, bounds memory.")
    ] = 4
    photos_decoded: Annotated[
        int, Meta(ge=1, description="Photos between decode and mask at once, whatever their size.")
    ] = 8
    pixels_decoded: Annotated[
        int, Meta(ge=1, description="Pixels of photos between decode and mask at once; a larger photo goes alone.")
    ] = 96_000_000
    cpu_threads: Annotated[
        int, Meta(ge=0, description="Threads that decode photos and write masks; 0 = one for each core, at most 8.")
    ] = 0
    batch_tiles: Annotated[
        int, Meta(ge=1, description="Most tiles in one forward pass, of one job or of several; also a job's turn.")
    ] = 8
    batch_delay_seconds: Annotated[
        float, Meta(ge=0, description="How long a tile waits for company before it goes; never on a CPU.")
    ] = 0.005
    backoff_first_seconds: Annotated[
        float, Meta(gt=0, description="First wait when store or log is away; doubles each time, with jitter.")
    ] = 0.1
    backoff_most_seconds: Annotated[
        float, Meta(gt=0, description="Longest wait between two tries while store or log is away.")
    ] = 15.0
    drain_seconds: Annotated[
        float, Meta(ge=0, description="How long running jobs may take to end after SIGTERM; the rest are released.")
    ] = 20.0
    forward_seconds: Annotated[
        float, Meta(gt=0, description="Longest that one batch may be on the device; then the worker is at fault.")
    ] = 600.0
    self_test_seconds: Annotated[
        float, Meta(gt=0, description="Time for the self-test after a fault; a device that takes longer is at fault.")
    ] = 60.0
    object_prefix: variables.ObjectPrefix = ""

    @property
    def threads(self) -> int:
        return self.cpu_threads or min(os.cpu_count() or 1, _MOST_THREADS)


def from_environment(environ: Mapping[str, str]) -> WorkerSettings:
    """Raises SettingsError that names the variable."""
    settings = variables.read_settings(WorkerSettings, environ)
    if settings.backoff_first_seconds > settings.backoff_most_seconds:
        raise SettingsError("ROCKSEG_BACKOFF_FIRST_SECONDS is more than ROCKSEG_BACKOFF_MOST_SECONDS")
    return settings


def settings_table() -> str:
    """All variables as a Markdown table, for the docs."""
    return variables.settings_table(WorkerSettings)
