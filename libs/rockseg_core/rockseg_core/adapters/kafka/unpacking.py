"""The records of one fetched partition, batch by batch: what cannot be unpacked is named and passed over."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from rockseg_core.adapters.kafka.decompressing import FullError

NO_TIMESTAMP: Final = -1
MOST_RECORDS: Final = 1000  # at once: a megabyte may hold two million that are empty

_NO_SIZE: Final = -1


@dataclass
class Unreadable(ConsumerRecord[bytes, bytes]):  # type: ignore[misc]  # aiokafka carries no types
    """Stands, without key and value, for all records from `offset` up to `end` of a batch that cannot be unpacked."""

    end: int
    why: str


def next_offset(record: ConsumerRecord) -> int:
    """Where to read on behind it."""
    return record.end if isinstance(record, Unreadable) else record.offset + 1


def unpack(
    at: TopicPartition, data: bytes, position: int, end: int, *, forgive: bool
) -> tuple[list[ConsumerRecord], int]:
    """The records from `position` on, in order, and where to read on; `end` is the partition's.

    Where to read on may lie behind the last record: markers of transactions, and batches that compaction has emptied,
    hold none.

    Raises CorruptRecordException where the first batch does not fit its checksum, unless that is to be forgiven: it
    then counts as one that cannot be unpacked, if what it says of its offsets can be true. Raises FullError where the
    first batch is too much at once.
    """
    found: list[ConsumerRecord] = []
    begun = position
    batches = MemoryRecords(data)
    while batches.has_next():
        batch = batches.next_batch()
        if not batch.validate_crc():
            if found:  # it comes first the next time
                break
            if not (forgive and batch.base_offset <= position < batch.next_offset <= end):
                raise CorruptRecordException(f"a batch of {at} does not fit its checksum")
            found.append(_unreadable(at, position, batch.next_offset, CorruptRecordException.__name__))
            return found, batch.next_offset
        if not batch.is_control_batch:
            try:
                for record in _records(at, batch, position):
                    found.append(record)
                    position = next_offset(record)
                    if len(found) == MOST_RECORDS:
                        return found, position
            except FullError:
                if position == begun:
                    raise
                break
        position = max(position, batch.next_offset)
    return found, position


def _records(at: TopicPartition, batch: Any, position: int) -> Iterator[ConsumerRecord]:
    try:
        for record in batch:
            if record.offset >= position:
                position = record.offset + 1
                yield _record(at, record)
    except (MemoryError, FullError):
        raise
    except Exception as error:  # noqa: BLE001 - a codec that is unknown, a header's name that is no text, ...
        if position < batch.next_offset:
            # The older kinds of batches do not tell their time.
            timestamp = getattr(batch, "max_timestamp", NO_TIMESTAMP)
            yield _unreadable(at, position, batch.next_offset, type(error).__name__, timestamp)


def _record(at: TopicPartition, record: Any) -> ConsumerRecord:
    sizes = [_NO_SIZE if part is None else len(part) for part in (record.key, record.value)]
    return ConsumerRecord(
        at.topic,
        at.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        record.value,
        record.checksum,
        *sizes,
        tuple(record.headers),
    )


def _unreadable(at: TopicPartition, offset: int, end: int, why: str, timestamp: int = NO_TIMESTAMP) -> Unreadable:
    return Unreadable(at.topic, at.partition, offset, timestamp, 0, None, None, None, _NO_SIZE, _NO_SIZE, (), end, why)
