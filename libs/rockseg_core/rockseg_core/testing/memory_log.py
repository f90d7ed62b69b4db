import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from zlib import crc32

from typing_extensions import override

from rockseg_core.codec.records import decode_or_none, encode
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobError, RequestPosition
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import Extent, FeedBatch, FeedRecord, JobFeed, LogPartition, Topic
from rockseg_core.ports.log import JobLog
from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.faults import Faults
from rockseg_core.testing.memory_deliveries import Commits, MemoryDeliveries
from rockseg_core.testing.memory_topic import MemoryTopic, Stored

FOLLOWED: Mapping[Topic, type[JobRequest] | type[JobEvent]] = {Topic.JOBS: JobRequest, Topic.JOB_EVENTS: JobEvent}


@dataclass(frozen=True)
class DeadLetter:
    delivery: Delivery
    error: JobError


class MemoryLog(JobLog, JobFeed):
    """A log in memory: publishing, the feed, and `deliveries()`; all over the same records.

    Faults: `unavailable`, `fail_next(n)`, `lose_next_answer()`; `crash()` makes the present source's owner vanish.
    """

    def __init__(self, clock: Clock | None = None, *, partitions: int = 1, window: int = 8) -> None:
        self.dead_letters: list[DeadLetter] = []
        self._clock = clock or FakeClock()
        self._partitions = partitions
        self._window = window
        self._topics = {topic: MemoryTopic(partitions) for topic in Topic}
        self._commits: Commits = {}
        self._source: MemoryDeliveries | None = None
        self._faults = Faults(LogUnavailableError)
        self._lost_answers = 0
        self._grown = asyncio.Event()

    @property
    def unavailable(self) -> bool:
        return self._faults.unavailable

    @unavailable.setter
    def unavailable(self, value: bool) -> None:
        self._faults.unavailable = value
        self._wake()

    def fail_next(self, calls: int = 1) -> None:
        """The next `calls` calls raise LogUnavailableError and do nothing."""
        self._faults.fail_next(calls)

    def lose_next_answer(self) -> None:
        """The next publish lands, and raises LogUnavailableError all the same."""
        self._lost_answers += 1

    @override
    async def publish_request(self, request: JobRequest) -> RequestPosition:
        partition = crc32(request.job_id.bytes) % self._partitions
        offset = await self._publish(Topic.JOBS, partition, str(request.job_id).encode(), encode(request))
        return RequestPosition(partition, offset)

    @override
    async def publish_event(self, event: JobEvent) -> None:
        await self._publish(Topic.JOB_EVENTS, event.request_partition, str(event.job_id).encode(), encode(event))

    @override
    async def publish_dead_letter(self, delivery: Delivery, error: JobError) -> None:
        await self._publish(Topic.DEAD_LETTER, delivery.position.partition, delivery.key, delivery.value)
        self.dead_letters.append(DeadLetter(delivery, error))

    def append(self, topic: Topic, partition: int, value: bytes | None, key: bytes | None = None) -> int:
        """Put bytes on a topic as they are, strays too; returns their offset."""
        offset = self._topics[topic].append(partition, Stored(key, value, self._clock.now()))
        self._wake()
        return offset

    def events(self) -> list[JobEvent]:
        """Every event published, in order: what a test looks at."""
        lanes = self._topics[Topic.JOB_EVENTS].lanes
        found = [decode_or_none(stored.value, JobEvent) for lane in lanes for stored in lane.records]
        return [event for event in found if event is not None]

    def expire(self, before: float) -> None:
        """Retention: drop the records appended before `before`."""
        for topic in self._topics.values():
            topic.expire(before)

    @override
    async def extents(self, since: float) -> Mapping[LogPartition, Extent]:
        await self._turn()
        return {
            LogPartition(topic, partition): Extent(lane.beginning, lane.since(since), lane.end)
            for topic in FOLLOWED
            for partition, lane in enumerate(self._topics[topic].lanes)
        }

    @override
    async def ends(self) -> Mapping[LogPartition, int]:
        await self._turn()
        return {
            LogPartition(topic, partition): lane.end
            for topic in FOLLOWED
            for partition, lane in enumerate(self._topics[topic].lanes)
        }

    @override
    async def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        positions = defaultdict[LogPartition, int](int, start)
        while True:
            grown = self._grown
            await self._turn()
            batch = [record for topic in FOLLOWED for record in self._read(topic, positions)]
            if batch:
                yield FeedBatch(batch, {record.at: positions[record.at] for record in batch})
            else:
                await grown.wait()

    def deliveries(self) -> MemoryDeliveries:
        """Become the worker of this log: what a vanished one left comes back with its attempts counted."""
        if self._source is not None and not self._source.closed:
            raise RuntimeError("the log has one source of deliveries at a time: close it, or crash() it")
        self._source = MemoryDeliveries(self._topics[Topic.JOBS], self._commits, self._faults, self._window)
        return self._source

    def crash(self) -> None:
        """The owner of the present source vanishes: what it had committed stands, whatever it does now is lost."""
        if self._source is not None:
            self._source.vanish()

    def _read(self, topic: Topic, positions: dict[LogPartition, int]) -> list[FeedRecord]:
        found = []
        for partition, lane in enumerate(self._topics[topic].lanes):
            at = LogPartition(topic, partition)
            for offset, stored in lane.read(positions[at], 500):
                found.append(FeedRecord(at, offset, decode_or_none(stored.value, FOLLOWED[topic])))
                positions[at] = offset + 1
        return found

    async def _publish(self, topic: Topic, partition: int, key: bytes | None, value: bytes | None) -> int:
        await self._turn()
        offset = self.append(topic, partition, value, key)
        if self._lost_answers:
            self._lost_answers -= 1
            raise LogUnavailableError
        return offset

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        self._faults.check()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()
        if self._source is not None:
            self._source.wake()
