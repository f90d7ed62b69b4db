import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
    UnsupportedCodecError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import ConsumerRecord, TopicPartition

from rockseg_core.adapters.kafka.decompressing import FullError, at_once, bound_codecs
from rockseg_core.adapters.kafka.unpacking import Unreadable, next_offset, unpack
from rockseg_core.domain.errors import LogUnavailableError

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = (0.1, 0.4)  # a checksum that fails may be the wire's fault; three times it is the log's
QUOTA_TRIES: Final = 20  # brokers say how long to wait before each
BYTES: Final = 64 * 1024  # of a partition, or one whole batch

_READ_UNCOMMITTED: Final = 0
_UNPACKING: Final = (CorruptRecordException, UnsupportedCodecError, RecordTooLargeError, FullError)

Batches = Mapping[TopicPartition, Sequence[ConsumerRecord]]


def check_fetching(consumer: Any) -> None:
    """Raises LogUnavailableError where an AIOKafkaConsumer's fetching has ended for good.

    aiokafka 0.14 tells nobody: after an unforeseen error in its background task, `getmany` finds nothing, for ever.
    """
    if consumer._fetcher.error_future.done():  # noqa: SLF001 - it has no public way to ask
        raise LogUnavailableError("reading from the log has ended")


class Reader:
    """Reads partitions without a hole, whatever stands in them.

    What `getmany` has taken of any partition is lost when it then meets a batch that it cannot unpack, and it goes on
    behind that. So a partition is read from where its reader says that it stands, not from where aiokafka does; and
    after such an error it is fetched by hand, and what cannot be unpacked is passed over.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        bound_codecs()
        self._consumer = consumer
        self._at: dict[TopicPartition, int] = {}
        """From where on aiokafka has lost nothing; it may have gone on over offsets that hold no record."""

    async def read(self, positions: Mapping[TopicPartition, int], seconds: float) -> Batches:
        """What each partition has from its position on; offsets that are missing between the records hold none.

        An `Unreadable` stands for what cannot be unpacked; `next_offset` tells where to go on behind a record. All of
        `positions` must be assigned. What comes of a partition that is not in it was not asked for.

        Waits up to `seconds` for the first. Raises LogUnavailableError when fetching has ended for good, KafkaError.
        """
        check_fetching(self._consumer)
        self._place(positions)
        try:
            # Nothing is awaited after it: no turn of the loop lies between aiokafka's own check that these records are
            # of the present assignment, and their reader.
            with at_once():
                found: Batches = await self._consumer.getmany(timeout_ms=int(seconds * 1000))
        except (NoOffsetForPartitionError, OffsetOutOfRangeError):
            raise  # before anything was taken
        except Exception as error:
            self._at = {}
            if isinstance(error, MemoryError) or (isinstance(error, KafkaError) and not isinstance(error, _UNPACKING)):
                raise
            with at_once():
                found, further = await self._by_hand(positions)
            if positions and not further:
                raise KafkaError(f"records could not be unpacked ({type(error).__name__})") from error
            self._place(dict(positions) | further)
            # Its caller learns from the records alone how far it has come: it asks for what follows the last of them.
            self._at |= {
                at: next_offset(found[at][-1]) if at in found else positions[at] for at in further if at in self._at
            }
        else:
            self._at |= {at: next_offset(records[-1]) for at, records in found.items()}
        return found

    def _place(self, positions: Mapping[TopicPartition, int]) -> None:
        there = self._consumer.assignment()
        self._at = {at: position for at, position in self._at.items() if at in positions}
        for at, position in positions.items():
            if self._at.get(at) != position and at in there:
                self._consumer.seek(at, position)
                self._at[at] = position

    async def _by_hand(
        self, positions: Mapping[TopicPartition, int]
    ) -> tuple[dict[TopicPartition, list[ConsumerRecord]], dict[TopicPartition, int]]:
        """What was found, and where to read on, of each partition that got on."""
        wanted = [at for at in positions if at not in self._consumer.paused()]
        # Each by itself: of all partitions in one request only one is sure to get a batch that is large.
        answers = await asyncio.gather(*(self._fetched(at, positions[at]) for at in wanted), return_exceptions=True)
        found, further = {}, {}
        for at, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, KafkaError):
                    raise answer
                continue
            records, position = answer
            if records:
                found[at] = records
            if position > positions[at]:
                further[at] = position
        for record in (record for records in found.values() for record in records if isinstance(record, Unreadable)):
            _log.error(
                "the offsets %d to %d of partition %d of %s cannot be unpacked (%s): passed over",
                record.offset,
                record.end - 1,
                record.partition,
                record.topic,
                record.why,
            )
        return found, further

    async def _fetched(self, at: TopicPartition, position: int) -> tuple[list[ConsumerRecord], int]:
        """The next records, and where to read on behind them.

        Only the first batch of an answer is sure to be whole: behind one without records it is fetched once more.
        """
        begun = position
        while True:
            try:
                records, further = await self._unpacked(at, position)
            except FullError:
                if position == begun:
                    raise
                return [], position
            if records or further == position:
                return records, further
            position = further

    async def _unpacked(self, at: TopicPartition, position: int) -> tuple[list[ConsumerRecord], int]:
        for seconds in RETRY_SECONDS:
            try:
                return unpack(at, *await self._fetch(at, position), forgive=False)
            except CorruptRecordException:
                await asyncio.sleep(seconds)
        return unpack(at, *await self._fetch(at, position), forgive=True)

    async def _fetch(self, at: TopicPartition, position: int) -> tuple[bytes, int, int]:
        """What `unpack` takes: the bytes, the position, and the partition's end."""
        client = self._consumer._client  # noqa: SLF001 - its connections are known, and logged in
        leader = client.cluster.leader_for_partition(at)
        if leader is None or leader == -1:
            return b"", position, position
        request = FetchRequest(0, 1, BYTES, _READ_UNCOMMITTED, [(at.topic, [(at.partition, position, BYTES)])])
        for _ in range(QUOTA_TRIES):
            try:
                answer = await client.send(leader, request)
            except KeyError as error:  # aiokafka 0.14: of two requests that time out, the second finds no connection
                raise KafkaError("the connection was closed") from error
            if answer.topics:
                break
            await asyncio.sleep(answer.throttle_time_ms / 1000)  # whoever has spent a quota is told of no partition
        else:
            raise KafkaError("the brokers' quota for this client is spent")
        ((_, ((_, error_code, end, *rest),)),) = answer.topics
        if error_code != 0:
            raise for_code(error_code)(str(at))
        return rest[-1] or b"", position, end
