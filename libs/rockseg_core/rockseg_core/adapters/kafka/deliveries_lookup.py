import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.lookup import BEGINNING, END, Lookup
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import LogPartition, Topic

LOOKUP_SECONDS: Final = 5.0

_NONE: Final = -1  # the offset of a partition that the group has committed nothing of


@dataclass(frozen=True)
class PartitionState:
    """What the group committed of a partition (None: nothing), where it begins and ends, and its topic's id ("": not
    known), which differs from one life of a topic to the next.
    """

    committed: int | None
    metadata: str
    beginning: int
    end: int
    topic_id: str


class GroupLookup:
    """Where partitions stand, over connections of its own: the worker's are busy with long polls of 500 ms."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._topic, self._group = connection.topics[Topic.JOBS], connection.settings.group_id
        self._clients: tuple[AIOKafkaAdminClient, Lookup] | None = None
        self._lock = asyncio.Lock()

    async def states(self, partitions: Collection[int]) -> Mapping[int, PartitionState]:
        """Of these partitions those that the brokers told of; ask again for the rest. Raises LogUnavailableError.

        aiokafka swallows an error of a whole request, such as a coordinator that still loads, and answers with
        nothing: so a partition that is missing says no more than that.
        """
        try:
            async with self._lock, asyncio.timeout(LOOKUP_SECONDS):
                admin, lookup = self._clients = self._clients or await self._connect()
                wanted = [TopicPartition(self._topic, partition) for partition in partitions]
                # What is committed was appended before, so it lies within the extent that is asked for after it.
                committed = await admin.list_consumer_group_offsets(self._group, partitions=wanted)
                there = lookup.led(at for at in await lookup.partitions() if at.partition in partitions)
                beginnings = await lookup.offsets(there, BEGINNING)
                ends = await lookup.offsets(there, END)
        except TimeoutError as error:
            # Over a connection that went dead without a word, the next look-up would take as long.
            await self.close()
            raise LogUnavailableError from error
        except (KafkaError, OSError) as error:
            raise LogUnavailableError from error
        topic_id = lookup.topic_ids.get(Topic.JOBS, "")
        return {
            tp.partition: PartitionState(
                None if committed[tp].offset == _NONE else committed[tp].offset,
                committed[tp].metadata or "",
                beginnings[at],
                ends[at],
                topic_id,
            )
            for tp in wanted
            if tp in committed and (at := LogPartition(Topic.JOBS, tp.partition)) in ends
        }

    async def close(self) -> None:
        """Until the next look-up."""
        clients, self._clients = self._clients, None
        for client in clients or ():
            await closed(client.close())

    async def _connect(self) -> tuple[AIOKafkaAdminClient, Lookup]:
        admin = AIOKafkaAdminClient(**self._connection.arguments())
        lookup = Lookup(self._connection, [Topic.JOBS], request_seconds=LOOKUP_SECONDS)
        try:
            await admin.start()
            await lookup.open()
        except BaseException:
            await closed(admin.close())
            await closed(lookup.close())
            raise
        return admin, lookup
