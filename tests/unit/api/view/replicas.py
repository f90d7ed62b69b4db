"""Replicas of the API around one log, for the tests of the view and of what stands on it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from rockseg_api.view.job_view import JobView
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.fold import after, event_of, queued
from rockseg_core.domain.job import JobOptions, JobStatus, RequestPosition, Tenant
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.feed import Extent, FeedBatch, JobFeed, LogPartition
from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.memory_log import MemoryLog

LIFETIME_SECONDS = 24 * 3600.0
TENANT = Tenant("acme")


@dataclass
class Tampered(JobFeed):
    """A feed between a view and the log: late or away, as a test wishes."""

    inner: JobFeed
    away: bool = False
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False
    looked_up: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    jitter: random.Random | None = None
    starts: list[Mapping[LogPartition, int]] = field(default_factory=list)
    look_ups: int = 0

    def __post_init__(self) -> None:
        self.answer.set()
        self.hold.set()

    async def extents(self, since: float) -> Mapping[LogPartition, Extent]:
        self._check()
        return await self.inner.extents(since)

    async def ends(self) -> Mapping[LogPartition, int]:
        self._check()
        self.look_ups += 1
        await self._dawdle()
        ends = await self.inner.ends()
        self.looked_up.put_nowait(None)
        await self.answer.wait()
        await self._dawdle(20)
        return ends

    async def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        self._check()
        self.starts.append(dict(start))
        async for batch in self.inner.follow(start):
            self._check()
            await self._dawdle(40)
            self.held = True
            await self.hold.wait()
            yield batch

    def _check(self) -> None:
        if self.away:
            raise LogUnavailableError

    async def _dawdle(self, most: int = 6) -> None:
        if self.jitter is not None:
            for _ in range(self.jitter.randrange(most)):
                await asyncio.sleep(0)


@dataclass
class Site:
    """One log and its clock, and whatever views read it."""

    log: MemoryLog
    clock: FakeClock

    def request(self, job_id: UUID | None = None, **changes: Any) -> JobRequest:
        job_id = job_id or uuid4()
        now = self.clock.now()
        facts = {
            "job_id": job_id,
            "tenant": TENANT,
            "photo_key": f"jobs/{TENANT}/{job_id}/photo-0.png",
            "photo_sha256": "00",
            "digest": "d",
            "options": JobOptions(),
            "accepted_at": now,
            "expires_at": now + LIFETIME_SECONDS,
        }
        return JobRequest(**(facts | changes))

    async def submit(self, job_id: UUID | None = None, **changes: Any) -> tuple[JobRequest, RequestPosition]:
        request = self.request(job_id, **changes)
        return request, await self.log.publish_request(request)

    async def say(self, request: JobRequest, position: RequestPosition, *kinds: JobStatus) -> None:
        """Publish events that answer a request, one after another."""
        job = queued(request, position)
        for kind in kinds:
            event = event_of(job, kind, self.clock.now())
            await self.log.publish_event(event)
            job = after(event)

    def feed(self, **how: Any) -> Tampered:
        return Tampered(self.log, **how)

    @asynccontextmanager
    async def view(
        self, feed: JobFeed | None = None, path: Any = ":memory:", *, barrier_seconds: float = 5.0
    ) -> AsyncIterator[JobView]:
        """A view that has caught up. Its barrier is patient: a busy machine makes no answer stale."""
        view = JobView(path, feed or self.log, self.clock, LIFETIME_SECONDS, barrier_seconds=barrier_seconds)
        await view.start()
        try:
            async with asyncio.timeout(10):
                await view.caught_up()
            yield view
        finally:
            await view.stop()


def new_site(partitions: int = 2) -> Site:
    clock = FakeClock()
    return Site(MemoryLog(clock, partitions=partitions), clock)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the condition has no event; the loop has a deadline
            await asyncio.sleep(0.001)
