import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    NotLeaderForPartitionError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.structs import TopicPartition

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.metadata import (
    MetadataWithIds,
    as_aiokafka_knows_it,
    leader_epochs,
    partition_counts,
    topic_ids,
)
from rockseg_core.ports.feed import LogPartition, Topic

BEGINNING: Final = -2  # ListOffsets' names for the first offset and for the one past the last
END: Final = -1
PAST_SECONDS: Final = 60.0
OWN_LOOK_MS: Final = 86_400_000  # each look-up learns anew; aiokafka's own look would believe a broker of the past
NOWHERE: Final = -1  # its answer where no record is as young as the time asked for

_READ_UNCOMMITTED: Final = 0
_CONSUMER: Final = -1  # the replica id of whoever is no replica
_NOBODY: Final = -1  # leads a partition that has no leader

_log = structlog.get_logger()


class Lookup:
    """Asks where partitions begin and end, on connections of its own: on a consumer's it waits behind the long-poll
    of its fetch, 503 ms in the worst percent (design §4.3).

    Errors come out as KafkaError or OSError.
    """

    def __init__(self, connection: KafkaConnection, topics: Iterable[Topic], *, request_seconds: float) -> None:
        self._names = {topic: connection.topics[topic] for topic in topics}
        self._roles = connection.roles
        self.topic_ids: Mapping[Topic, str] = {}
        self._epochs: dict[tuple[str, int], int] = {}
        self._counts: dict[str, int] = {}
        self._refused_since: float | None = None
        self._client = AIOKafkaClient(
            **connection.arguments(
                request_timeout_ms=int(request_seconds * 1000),
                metadata_max_age_ms=OWN_LOOK_MS,
            )
        )

    async def open(self) -> None:
        await self._client.bootstrap()
        self._client.set_topics(self._names.values())

    async def close(self) -> None:
        await self._client.close()

    async def partitions(self) -> set[LogPartition]:
        """Those that a broker knows now: a record may stand in a partition that was added a moment ago."""
        names = list(self._names.values())
        await self._learn(names)
        found = {name: self._client.cluster.partitions_for_topic(name) for name in names}
        for name, numbers in found.items():
            if not numbers:
                raise UnknownTopicOrPartitionError(name)
        return {LogPartition(self._roles[name], number) for name in names for number in found[name] or ()}

    async def ends(self) -> dict[LogPartition, int]:
        """Of all partitions; asked at once with whether there are more of them, so that it takes one round trip."""
        known = self._known()
        if not known:
            return await self.offsets(await self.partitions(), END)
        asked = self._leaders(known)
        there, ends = await asyncio.gather(self.partitions(), self.offsets(known, END), return_exceptions=True)
        if isinstance(there, BaseException):
            raise there
        if isinstance(ends, NotLeaderForPartitionError | LeaderNotAvailableError | UnknownTopicOrPartitionError):
            return await self.offsets(there, END)  # the leaders are known anew by now
        if isinstance(ends, BaseException):
            raise ends
        # A leader that was deposed answers from its own past until it hears of it.
        now = self._leaders(there)
        return ends | await self.offsets({at for at in there if asked.get(at) != now[at]}, END)

    def led(self, partitions: Iterable[LogPartition]) -> set[LogPartition]:
        """Those of them that can be asked for: where none of a partition's replicas is up, it has no leader."""
        return {at for at, leader in self._leaders(partitions).items() if leader not in {None, _NOBODY}}

    async def offsets(self, partitions: Iterable[LogPartition], time_ms: int) -> dict[LogPartition, int]:
        """The first offset appended at `time_ms` or later, or `NOWHERE`; also for BEGINNING and END."""
        by_node: defaultdict[int, defaultdict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for at in partitions:
            name = self._names[at.topic]
            leader = self._client.cluster.leader_for_partition(TopicPartition(name, at.partition))
            if leader is None or leader == _NOBODY:
                raise LeaderNotAvailableError(f"{name}/{at.partition}")
            by_node[leader][name].append((at.partition, time_ms))
        requests = [
            self._send(node, OffsetRequest(_CONSUMER, _READ_UNCOMMITTED, list(topics.items())))
            for node, topics in by_node.items()
        ]
        found: dict[LogPartition, int] = {}
        for answer in await asyncio.gather(*requests):
            found |= self._read(answer)
        return found

    def _read(self, answer: Any) -> Mapping[LogPartition, int]:
        found = {}
        for name, parts in answer.topics:
            for number, error_code, _time, offset in parts:
                error = for_code(error_code)
                if error_code != 0:
                    raise error(f"{name}/{number}")
                found[LogPartition(self._roles[name], number)] = offset
        return found

    def _leaders(self, partitions: Iterable[LogPartition]) -> dict[LogPartition, int | None]:
        cluster = self._client.cluster
        return {
            at: cluster.leader_for_partition(TopicPartition(self._names[at.topic], at.partition)) for at in partitions
        }

    def _known(self) -> set[LogPartition]:
        cluster = self._client.cluster
        found = {role: cluster.partitions_for_topic(name) for role, name in self._names.items()}
        if not all(found.values()):
            return set()
        return {LogPartition(role, number) for role, numbers in found.items() for number in numbers or ()}

    async def _learn(self, names: list[str]) -> None:
        node = self._client.get_random_node()
        try:
            answer = await self._send(node, MetadataWithIds(names))
        except NotImplementedError:  # brokers before Kafka 3.1 tell no ids
            self._client.cluster.update_metadata(
                await self._send(node, MetadataRequest(names, allow_auto_topic_creation=False))
            )
            return
        self._refuse_the_past(leader_epochs(answer), partition_counts(answer))
        self._client.cluster.update_metadata(as_aiokafka_knows_it(answer))
        self.topic_ids = {self._roles[name]: topic_id for name, topic_id in topic_ids(answer).items()}

    def _refuse_the_past(self, epochs: Mapping[tuple[str, int], int], counts: Mapping[str, int]) -> None:
        """A broker that is cut off from the others still names the leaders of before, perhaps itself, and does not know
        of partitions that were added since: whoever believed it would deny the jobs that stand there.

        Where all that answer do so for long, the cluster was put back to an earlier state.
        """
        fewer = any(count < self._counts.get(topic, count) for topic, count in counts.items())
        if fewer or any(epoch < self._epochs.get(at, epoch) for at, epoch in epochs.items()):
            now = time.monotonic()
            self._refused_since = now if self._refused_since is None else self._refused_since
            if now - self._refused_since < PAST_SECONDS:
                raise LeaderNotAvailableError("a broker knows older leaders, or fewer partitions, than others do")
            _log.warning("log_put_back", seconds=PAST_SECONDS)
            self._epochs.clear()
            self._counts.clear()
        self._refused_since = None
        self._epochs.update(epochs)
        self._counts.update(counts)

    async def _send(self, node: Any, request: Any) -> Any:
        try:
            try:
                return await self._client.send(node, request)
            except KafkaConnectionError:
                # Brokers close a connection in mid-request when its login has grown old (connections.max.reauth.ms),
                # and aiokafka logs in on new connections alone. To ask again does no harm.
                return await self._client.send(node, request)
        except KeyError as error:  # aiokafka 0.14: of two requests that time out, the second finds no connection
            raise KafkaError("the connection was closed") from error
