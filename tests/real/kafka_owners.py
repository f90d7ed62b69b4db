"""Workers of a test in one process, on topics of its own, and their sudden end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from tests.real.kafka_topics import fresh_topics

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.codec.commit_metadata import decode_window
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.window import Window
from rockseg_core.ports.feed import Topic

T = TypeVar("T")
DEADLINE_SECONDS = 60.0

QUICK = GroupSettings(heartbeat_seconds=0.2, session_seconds=20, revoke_seconds=1)
"""A rebalance is noticed at once, and no busy machine lets a session expire."""


async def soon(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await awaitable


async def until(true: Callable[[], bool]) -> None:
    """Look at it until it holds; for what tells of itself in no other way."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not true():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def vanish(source: KafkaDeliverySource) -> None:
    """As SIGKILL does: nothing more is committed or released. The group hears at once, not after the session's end."""
    if source._closed:
        return
    source._closed = True
    source.stop()
    source._committer.leave()
    source._committer._ownership = None
    if source._assignment is not None:
        source._assignment.stop()
    if source._task is not None:
        source._task.cancel()
        await asyncio.wait([source._task])
    if source._consumer is not None:
        await source._consumer.stop()
    await source._lookup.close()


class Hand(KafkaDeliverySource):
    """A worker of a test: counts the events, and can be asked for what it holds."""

    def __init__(self, connection: KafkaConnection, settings: GroupSettings) -> None:
        self.events: Counter[GroupEvent] = Counter()
        super().__init__(connection, settings, lambda event: self.events.update([event]))

    @property
    def partitions(self) -> list[int]:
        return self._dispatch.partitions

    async def take(self, count: int) -> list[Delivery]:
        found = [await soon(self.receive()) for _ in range(count)]
        assert all(delivery is not None for delivery in found)
        return [delivery for delivery in found if delivery is not None]

    async def join(self) -> None:
        """Become a member, and start nothing."""
        joins = self.events[GroupEvent.REBALANCED]
        receiving = asyncio.ensure_future(self.receive())
        await asyncio.sleep(0)
        receiving.cancel()
        await asyncio.wait([receiving])
        await until(lambda: self.events[GroupEvent.REBALANCED] > joins)


class Crew:
    """All workers of one test, and what the group has committed."""

    def __init__(self, connection: KafkaConnection, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient) -> None:
        self.connection, self._producer, self.admin = connection, producer, admin
        self.topic, self.group = connection.topics[Topic.JOBS], connection.settings.group_id
        self._hands: list[Hand] = []

    def hire(self, settings: GroupSettings = QUICK) -> Hand:
        hand = Hand(self.connection, settings)
        self._hands.append(hand)
        return hand

    async def publish(self, count: int, partition: int = 0, value: bytes = b"job") -> None:
        sent = [await self._producer.send(self.topic, value, partition=partition) for _ in range(count)]
        await asyncio.gather(*sent)

    async def committed(self, partition: int = 0) -> Window:
        """What a new owner would read."""
        at = TopicPartition(self.topic, partition)
        state = (await soon(self.admin.list_consumer_group_offsets(self.group, partitions=[at])))[at]
        assert state.offset >= 0, "nothing is committed"
        window = decode_window(state.offset, state.metadata)
        assert window is not None
        return window

    async def commits(self, window: Window, partition: int = 0) -> None:
        """Wait until that is what a new owner would read."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.committed(partition) != window:  # noqa: ASYNC110 - nothing tells of a commit
                await asyncio.sleep(0.01)

    async def commit(self, states: Mapping[int, tuple[int, str]]) -> None:
        """As an operator does while the group is empty: without being a member."""
        consumer = AIOKafkaConsumer(**self.connection.arguments(group_id=self.group, enable_auto_commit=False))
        consumer.assign([TopicPartition(self.topic, partition) for partition in states])
        await consumer.start()
        try:
            offsets = {TopicPartition(self.topic, p): OffsetAndMetadata(*state) for p, state in states.items()}
            await soon(consumer.commit(offsets))
        finally:
            await consumer.stop()

    async def delete_records(self, before: int, partition: int = 0) -> None:
        """As retention does."""
        await self.admin.delete_records({TopicPartition(self.topic, partition): RecordsToDelete(before)})

    async def grow(self, partitions: int) -> None:
        await self.admin.create_partitions({self.topic: NewPartitions(partitions)})

    async def dismiss(self) -> None:
        for hand in self._hands:
            await vanish(hand)


@asynccontextmanager
async def crew_of(bootstrap: str, partitions: int = 1, *, replicas: int = 1) -> AsyncIterator[Crew]:
    connection = KafkaConnection(await fresh_topics(bootstrap, partitions, replicas=replicas))
    async with (
        AIOKafkaProducer(**connection.arguments(acks="all")) as producer,
        asynccontextmanager(_started)(AIOKafkaAdminClient(**connection.arguments())) as admin,
    ):
        crew = Crew(connection, producer, admin)
        try:
            yield crew
        finally:
            await crew.dismiss()


async def _started(client: AIOKafkaAdminClient) -> AsyncIterator[AIOKafkaAdminClient]:
    await client.start()
    try:
        yield client
    finally:
        await client.close()
