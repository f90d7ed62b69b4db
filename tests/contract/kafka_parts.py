"""Kafka as a part of the contract suite: topics of the test's own on the session's broker."""

import bisect
import time
from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaProducer
from tests.real.kafka_owners import QUICK, vanish
from tests.real.kafka_topics import fresh_topics
from typing_extensions import override

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.ports.feed import Extent, FeedBatch, JobFeed, LogPartition, Topic
from rockseg_core.testing import FakeClock

APART_SECONDS = 0.005  # the broker's time has milliseconds


class SteppingClock(FakeClock):
    """A clock that stands still between two steps, each of which takes a moment of the broker's own time.

    So what a test says of its clock holds of LogAppendTime: what was appended before a step lies before it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._steps = [(self.now(), time.time())]

    @override
    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        time.sleep(APART_SECONDS)
        self._steps.append((max(self._steps[-1][0], self.now()), time.time()))  # a broker's time never goes back
        time.sleep(APART_SECONDS)

    def broker_time(self, moment: float) -> float:
        """When, by the broker, this clock first stood at `moment` or later; soon, where it never did."""
        step = bisect.bisect_left(self._steps, moment, key=lambda pair: pair[0])
        return self._steps[step][1] if step < len(self._steps) else time.time() + 60


class FeedInSteps(JobFeed):
    """A feed whose times are those of a SteppingClock."""

    def __init__(self, feed: KafkaFeed, clock: SteppingClock) -> None:
        self._feed, self._clock = feed, clock

    @override
    async def extents(self, since: float) -> Mapping[LogPartition, Extent]:
        found = await self._feed.extents(self._clock.broker_time(since))
        return {at: extent._replace(topic_id="") for at, extent in found.items()}  # the other logs have none

    @override
    async def ends(self) -> Mapping[LogPartition, int]:
        return await self._feed.ends()

    @override
    def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        return self._feed.follow(start)


class KafkaLogPart:
    def __init__(self, bootstrap: str, partitions: int) -> None:
        self.clock = SteppingClock()
        self._bootstrap, self._partitions = bootstrap, partitions
        self._source: KafkaDeliverySource | None = None

    async def open(self) -> None:
        self.connection = KafkaConnection(await fresh_topics(self._bootstrap, self._partitions))
        self._producer = AIOKafkaProducer(**self.connection.arguments(acks="all"))
        await self._producer.start()
        self._open()

    def _open(self) -> None:
        self._log = KafkaLog(self.connection)
        self._log.open()
        self._feed = KafkaFeed(self.connection)
        self.log, self.feed = self._log, FeedInSteps(self._feed, self.clock)

    def deliveries(self) -> DeliverySource:
        """Kafka would have any number of workers; the contract has one."""
        if self._source is not None and not self._source._closed:
            raise RuntimeError
        self._source = KafkaDeliverySource(self.connection, QUICK)
        return self._source

    async def append(self, topic: Topic, partition: int, value: bytes | None) -> None:
        key = b"stray" if value is None else None  # aiokafka sends no record that has neither
        await self._producer.send_and_wait(self.connection.topics[topic], value, key=key, partition=partition)

    async def crash(self) -> None:
        if self._source is not None:
            await vanish(self._source)

    async def reopen(self) -> None:
        await self._close()
        self._open()

    async def close(self) -> None:
        await self.crash()
        await self._close()
        await self._producer.stop()

    async def _close(self) -> None:
        await self._log.close()
        await self._feed.close()
