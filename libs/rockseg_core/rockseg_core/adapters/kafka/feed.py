import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition
from typing_extensions import override

from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.fetching import Reader
from rockseg_core.adapters.kafka.lookup import BEGINNING, END, NOWHERE, Lookup
from rockseg_core.codec.records import decode_or_none
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import Extent, FeedBatch, FeedRecord, JobFeed, LogPartition, Topic

KINDS: Final[Mapping[Topic, type[JobRequest] | type[JobEvent]]] = {
    Topic.JOBS: JobRequest,
    Topic.JOB_EVENTS: JobEvent,
}
MOST_IN_A_BATCH: Final = 1000  # decoded at once, 10 ms
POLL_SECONDS: Final = 0.2  # how soon an idle follower takes up a partition that a look-up has found
WATCH_SECONDS: Final = 1.0
ENDS_SECONDS: Final = 2.0  # a look-up without an answer; its connection is renewed
FETCH_SECONDS: Final = 5.0  # the same of a fetch, which waits half a second for records
MOST_LOOKS: Final = 8  # under way at once, while brokers hang; a few where they answer
EXTENTS_SECONDS: Final = 30.0  # looking for a time reads the brokers' indexes from disk

T = TypeVar("T")
_log = structlog.get_logger()


class KafkaFeed(JobFeed):
    """Both topics by a consumer without a group; `close` it at the end."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._lookup: Lookup | None = None
        self._opening = asyncio.Lock()
        self._looking: set[asyncio.Future[Any]] = set()
        self._seen: frozenset[LogPartition] = frozenset()
        self._topic_ids: Mapping[Topic, str] | None = None  # of the topics whose extents were told last
        self._made_anew = False

    async def close(self) -> None:
        for look in self._looking:
            look.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        if self._lookup is not None:
            await closed(self._lookup.close())
            self._lookup = None

    @override
    async def ends(self) -> Mapping[LogPartition, int]:
        """A caller who gives up leaves the look-up to its own time-out, which renews a connection that hangs."""
        return await self._to_its_end(self._ends())

    @override
    async def extents(self, since: float) -> Mapping[LogPartition, Extent]:
        with _translated():
            lookup = Lookup(self._connection, KINDS, request_seconds=EXTENTS_SECONDS)
            try:
                await lookup.open()
                partitions = await lookup.partitions()
                beginnings = await lookup.offsets(partitions, BEGINNING)
                # The end first: what is appended meanwhile then lies beyond it, where nothing is as young as `since`.
                ends = await lookup.offsets(partitions, END)
                sinces = await lookup.offsets(partitions, max(0, int(since * 1000)))
                ids = lookup.topic_ids
            finally:
                await closed(lookup.close())
        self._seen = frozenset(ends)
        self._topic_ids, self._made_anew = ids, False
        return {
            at: Extent(
                beginnings[at], ends[at] if sinces[at] == NOWHERE else sinces[at], ends[at], ids.get(at.topic, "")
            )
            for at in partitions
        }

    @override
    async def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        positions = dict(start)
        consumer = AIOKafkaConsumer(
            **self._connection.arguments(
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                request_timeout_ms=int(FETCH_SECONDS * 1000),
                max_poll_records=MOST_IN_A_BATCH,
            )
        )
        reader = Reader(consumer)
        watching = asyncio.create_task(self._watch(), name="kafka-partitions")
        try:
            with _translated():
                await consumer.start()
                await self.ends()
            while True:
                with _translated():
                    await self._assign(consumer, positions)
                    self._check_topics()
                    assigned = {self._ours(partition): partition for partition in consumer.assignment()}
                    there = {partition: positions[at] for at, partition in assigned.items()}
                    records = self._decoded(await reader.read(there, POLL_SECONDS))
                    # Of what was given out and of what was passed over.
                    read = {at: await consumer.position(partition) for at, partition in assigned.items()}
                further = {at: offset for at, offset in read.items() if positions[at] != offset}
                if further:
                    positions |= further
                    yield FeedBatch(records, further)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await closed(consumer.stop())

    async def _assign(self, consumer: Any, positions: dict[LogPartition, int]) -> None:
        """All partitions there are, each where it was left; a new one at its beginning."""
        there = {at: TopicPartition(self._connection.topics[at.topic], at.partition) for at in self._seen}
        if consumer.assignment() >= set(there.values()):
            return
        if new := there.keys() - positions.keys():
            positions |= await self._to_its_end(self._beginnings(new))
            _log.info("log_partitions_found", partitions=sorted(f"{at.topic}/{at.partition}" for at in new))
        # Nothing is awaited from here on: no fetch begins without a position.
        consumer.assign(list(there.values()))
        for at, partition in there.items():
            consumer.seek(partition, positions[at])

    def _ours(self, partition: TopicPartition) -> LogPartition:
        return LogPartition(self._connection.roles[partition.topic], partition.partition)

    def _decoded(self, found: Mapping[TopicPartition, Sequence[Any]]) -> list[FeedRecord]:
        batch = []
        for partition, records in found.items():
            at = self._ours(partition)
            kind = KINDS[at.topic]
            batch += [FeedRecord(at, record.offset, decode_or_none(record.value, kind)) for record in records]
        return batch

    async def _watch(self) -> None:
        """Look for new partitions every second, unless a reader's look-up has just done so."""
        while True:
            seen = self._seen
            await asyncio.sleep(WATCH_SECONDS)
            if self._seen is seen:
                with suppress(LogUnavailableError):
                    await self.ends()

    async def _ends(self) -> dict[LogPartition, int]:
        lookup = await self._opened()
        ends = await lookup.ends()
        if self._topic_ids is None:
            self._topic_ids = lookup.topic_ids
        self._made_anew = lookup.topic_ids != self._topic_ids
        self._check_topics()
        self._seen = frozenset(ends)
        return ends

    def _check_topics(self) -> None:
        """Offsets of a topic's former life say nothing of its present one; `extents` begins with that."""
        if self._made_anew:
            raise LogUnavailableError("a topic of the log was made anew")

    async def _beginnings(self, partitions: Iterable[LogPartition]) -> dict[LogPartition, int]:
        return await (await self._opened()).offsets(partitions, BEGINNING)

    async def _opened(self) -> Lookup:
        async with self._opening:
            if self._lookup is None:
                lookup = Lookup(self._connection, KINDS, request_seconds=ENDS_SECONDS)
                try:
                    await lookup.open()
                except BaseException:
                    await closed(lookup.close())
                    raise
                self._lookup = lookup
            return self._lookup

    async def _to_its_end(self, look: Coroutine[Any, Any, T]) -> T:
        """Wait for a look-up that goes on when its caller has given up: only its own time-out renews a connection."""
        if len(self._looking) >= MOST_LOOKS:
            look.close()
            raise LogUnavailableError("the log has yet to answer earlier look-ups")
        looking = asyncio.ensure_future(look)
        self._looking.add(looking)
        looking.add_done_callback(self._looked)
        with _translated():
            return await asyncio.shield(looking)

    def _looked(self, looking: asyncio.Future[Any]) -> None:
        self._looking.discard(looking)
        if not looking.cancelled():
            looking.exception()  # told to whoever still waits; to nobody else


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise LogUnavailableError("the log no longer has, or does not yet have, what follows next") from error
    except (KafkaError, OSError) as error:
        raise LogUnavailableError(f"the log cannot be read ({type(error).__name__})") from error
