"""The logs that the contract is held against. A new one (Kafka) is a class here and a param in conftest.py."""

import asyncio
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from tests.contract.examples import a_request

from rockseg_core.adapters.local import LocalData
from rockseg_core.adapters.local.operations import Append
from rockseg_core.domain.delivery import Delivery
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.ports.feed import FeedRecord, JobFeed, LogPartition, Topic
from rockseg_core.ports.log import JobLog
from rockseg_core.testing import FakeClock, MemoryLog

T = TypeVar("T")
DEADLINE_SECONDS = 20.0


class LogPart(Protocol):
    clock: FakeClock
    log: JobLog
    feed: JobFeed

    def deliveries(self) -> DeliverySource: ...

    async def append(self, topic: Topic, partition: int, value: bytes | None) -> None:
        """Put bytes on a topic that no adapter of ours would publish."""

    async def crash(self) -> None:
        """The owner of the present deliveries vanishes: it commits nothing more."""

    async def reopen(self) -> None:
        """Close everything in order and open it again; only where records outlive the process."""

    async def close(self) -> None: ...


class MemoryLogPart:
    def __init__(self, _folder: Path, partitions: int) -> None:
        self.clock = FakeClock()
        self.log = self.feed = MemoryLog(self.clock, partitions=partitions)

    def deliveries(self) -> DeliverySource:
        return self.log.deliveries()

    async def append(self, topic: Topic, partition: int, value: bytes | None) -> None:
        self.log.append(topic, partition, value)

    async def crash(self) -> None:
        self.log.crash()

    async def reopen(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        pass


class LocalLogPart:
    def __init__(self, folder: Path, partitions: int) -> None:
        self.clock = FakeClock()
        self._folder, self._partitions = folder, partitions
        self._open()

    def _open(self) -> None:
        self.data = LocalData.open(self._folder, clock=self.clock, partitions=self._partitions)
        self.log: JobLog = self.data.log
        self.feed: JobFeed = self.data.feed

    def deliveries(self) -> DeliverySource:
        return self.data.deliveries()

    async def append(self, topic: Topic, partition: int, value: bytes | None) -> None:
        await self.data._records.append(Append(LogPartition(topic, partition), None, value))

    async def crash(self) -> None:
        """What was handed to the writer is written, as by a process killed a moment later; the rest is lost."""
        source = self.data._source
        assert source is not None
        source.stop()
        source.closed = True
        if source._task is not None:
            source._task.cancel()
            await asyncio.wait([source._task])
        await self.reopen()

    async def reopen(self) -> None:
        await self.data.close()
        self._open()

    async def close(self) -> None:
        await self.data.close()


async def soon(awaitable: Awaitable[T]) -> T:
    """What must come, within a deadline that only a fault reaches."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await awaitable


async def publish(part: LogPart, count: int) -> None:
    for _ in range(count):
        await part.log.publish_request(a_request())


async def take(source: DeliverySource, count: int) -> list[Delivery]:
    """The next deliveries, none of which may be missing."""
    found = [await soon(source.receive()) for _ in range(count)]
    assert all(delivery is not None for delivery in found)
    return [delivery for delivery in found if delivery is not None]


async def waits(part: LogPart, receiving: "asyncio.Task[Delivery | None]") -> bool:
    """Whether a call of `receive` still waits after the log has had every chance: what it does, it does in order."""
    for _ in range(3):
        await part.log.publish_request(a_request())
        await part.feed.ends()
    return not receiving.done()


async def read_up_to(
    feed: JobFeed, ends: Mapping[LogPartition, int], start: Mapping[LogPartition, int] | None = None
) -> list[FeedRecord]:
    """All that `follow` gives from `start` until it has passed `ends`."""
    found: list[FeedRecord] = []
    reached = dict.fromkeys(ends, 0) | dict(start or {})
    following = feed.follow(start or {})
    async with asyncio.timeout(DEADLINE_SECONDS):
        while any(reached[at] < end for at, end in ends.items()):
            batch = await anext(following)
            found += batch.records
            reached |= batch.positions
    await following.aclose()
    return found
