from typing import Protocol

from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError, RequestPosition
from rockseg_core.domain.records import JobEvent, JobRequest


class JobLog(Protocol):
    """Publishing. Durable when a call returns; when it raises LogUnavailableError the outcome is unknown."""

    async def publish_request(self, request: JobRequest) -> RequestPosition: ...

    async def publish_event(self, event: JobEvent) -> None:
        """To the partition number of the request that it answers: all that is said of a job stands in one partition."""
        ...

    async def publish_dead_letter(self, delivery: Delivery, error: JobError) -> None:
        """Copy a delivery's bytes as they came, with what was wrong."""
        ...
