import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import Topic

LOOKUP_SECONDS: Final = 5.0

_NONE: Final = -1  # the offset of a partition that the group has committed nothing of


@dataclass(frozen=True)
class PartitionState:
    """What the group committed of a partition (None: nothing), and where the partition begins and ends."""

    committed: int | None
    metadata: str
    beginning: int
    end: int


class Lookup:
    """Where partitions stand, over connections of its own: the worker's are busy with long polls of 500 ms."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._topic, self._group = connection.topics[Topic.JOBS], connection.settings.group_id
        self._admin: AIOKafkaAdminClient | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()

    async def states(self, partitions: Collection[int]) -> Mapping[int, PartitionState]:
        """Of these partitions those that the brokers told of; ask again for the rest. Raises LogUnavailableError.

        aiokafka swallows an error of a whole request, such as a coordinator that still loads, and answers with
        nothing: so a partition that is missing says no more than that.
        """
        wanted = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                admin, consumer = await self._connected()
                # One after the other: what is committed was appended before, so it lies within the extent.
                committed = await admin.list_consumer_group_offsets(self._group, partitions=wanted)
                beginnings = await consumer.beginning_offsets(wanted)
                ends = await consumer.end_offsets(wanted)
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailableError from error
        return {
            tp.partition: PartitionState(
                None if committed[tp].offset == _NONE else committed[tp].offset,
                committed[tp].metadata or "",
                beginnings[tp],
                ends[tp],
            )
            for tp in wanted
            if tp in committed and tp in beginnings and tp in ends
        }

    async def close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
        if self._admin is not None:
            await self._admin.close()

    async def _connected(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        async with self._lock:
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._connection.arguments())
                try:
                    await admin.start()
                except BaseException:
                    await admin.close()
                    raise
                self._admin = admin
            if self._consumer is None:
                consumer = AIOKafkaConsumer(**self._connection.arguments(enable_auto_commit=False))
                try:
                    await consumer.start()
                except BaseException:
                    await consumer.stop()
                    raise
                self._consumer = consumer
        return self._admin, self._consumer
