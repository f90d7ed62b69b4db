"""Who reads both topics from their beginning and can say, at the end, what really happened."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobEvent, JobRequest

DEADLINE_SECONDS = 120.0


@dataclass
class Witness:
    """`events` of each job in the log's order; `requests` by job."""

    requests: dict[UUID, JobRequest] = field(default_factory=dict)
    events: dict[UUID, list[JobEvent]] = field(default_factory=lambda: defaultdict(list))
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def until_ended(self, count: int) -> None:
        await self.until(lambda: len(self.ended) >= count)

    @property
    def ended(self) -> dict[UUID, JobStatus]:
        """The first terminal event of each job."""
        return {job_id: outcomes[0] for job_id, outcomes in self.outcomes.items()}

    @property
    def outcomes(self) -> dict[UUID, list[JobStatus]]:
        """All terminal events; a late twin's may be among them, and harms nothing."""
        found = {
            job_id: [event.kind for event in events if event.kind.terminal] for job_id, events in self.events.items()
        }
        return {job_id: kinds for job_id, kinds in found.items() if kinds}

    def attempts(self, job_id: UUID) -> int:
        """The highest that any event tells."""
        return max(event.attempt for event in self.events[job_id])

    def running(self, job_id: UUID) -> bool:
        """Whether the last that was heard of it is that it started."""
        events = self.events.get(job_id)
        return bool(events) and events is not None and not events[-1].kind.terminal

    async def follow(self, feed: KafkaFeed) -> None:
        while True:
            with suppress(LogUnavailableError):
                extents = await feed.extents(0)
                self.requests.clear()
                self.events.clear()
                async for batch in feed.follow({at: extent.beginning for at, extent in extents.items()}):
                    for record in batch.records:
                        match record.record:
                            case JobRequest() as request:
                                self.requests[request.job_id] = request
                            case JobEvent() as event:
                                self.events[event.job_id].append(event)
                    self.changed.set()
            await asyncio.sleep(0.2)


@asynccontextmanager
async def witnessing(settings: KafkaSettings) -> AsyncIterator[Witness]:
    feed, witness = KafkaFeed(KafkaConnection(settings)), Witness()
    following = asyncio.create_task(witness.follow(feed))
    try:
        yield witness
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await feed.close()
