from dataclasses import dataclass

from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.records import JobRequest


@dataclass(frozen=True)
class Delivery:
    """A record of `rockseg.jobs` handed to a worker; acknowledged when its outcome is published.

    `attempt` counts from 1 and goes up only when an owner vanished while it ran, or asked for a retry. `request` is
    None where the bytes are no JobRequest: such a record goes to the dead-letter topic and is acknowledged.
    Where a whole batch of records could not be unpacked, `end` is the offset behind it, and there are no bytes.
    `traceparent` is that of the request that brought it, where the log carries headers.
    """

    position: RequestPosition
    attempt: int
    key: bytes | None
    value: bytes | None
    request: JobRequest | None
    traceparent: str | None = None
    end: int | None = None

    @property
    def suspect(self) -> bool:
        """It may have killed a worker: it runs alone and unbatched, so that the next crash incriminates it alone."""
        return self.attempt > 1
