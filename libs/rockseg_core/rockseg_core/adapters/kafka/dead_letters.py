import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from rockseg_core.adapters.kafka.check import greet
from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.fetching import Batches, Reader
from rockseg_core.adapters.kafka.lookup import BEGINNING, END, Lookup
from rockseg_core.adapters.kafka.refusals import told
from rockseg_core.adapters.kafka.unpacking import Unreadable
from rockseg_core.codec.records import decode_or_none
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.feed import LogPartition, Topic

REQUEST_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.5
STILL_SECONDS: Final = 20.0


@dataclass(frozen=True)
class DeadLetter:
    """What a worker gave up, as it stands on the dead-letter topic; `at` in epoch seconds, by the brokers.

    `code`, `sentence`, `origin` (topic/partition/offset) and `attempt` are empty in a letter that is none of ours;
    `whole_bytes` tells how long the value was where it was cut, and is empty elsewhere.
    """

    partition: int
    offset: int
    at: float
    key: bytes | None
    value: bytes | None
    request: JobRequest | None
    code: str
    sentence: str
    origin: str
    attempt: str
    whole_bytes: str

    @property
    def position(self) -> str:
        """How a person names it: `3/17`."""
        return f"{self.partition}/{self.offset}"


async def dead_letters(connection: KafkaConnection) -> AsyncIterator[DeadLetter]:
    """All that are there now, oldest first within a partition.

    Raises SettingsError where the brokers refuse the settings; LogUnavailableError, also when nothing comes for
    `STILL_SECONDS`.
    """
    await greet(connection)
    try:
        async for letter in _read(connection):
            yield letter
    except (KafkaError, OSError) as error:
        raise LogUnavailableError(f"The dead letters cannot be read: {told(error)}") from error


async def _read(connection: KafkaConnection) -> AsyncIterator[DeadLetter]:
    ends, beginnings = await _extents(connection)
    left = {_in_kafka(connection, at): beginnings[at] for at, end in ends.items() if end > beginnings[at]}
    until = {_in_kafka(connection, at): end for at, end in ends.items()}
    if not left:
        return
    consumer = AIOKafkaConsumer(
        **connection.arguments(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=int(REQUEST_SECONDS * 1000),
        )
    )
    try:
        await consumer.start()
        consumer.assign(list(left))
        reader = Reader(consumer)
        while left:
            found, positions = await _some(consumer, reader, left)
            for record in (record for at in left for record in found.get(at, ())):
                if record.offset < until[TopicPartition(record.topic, record.partition)]:
                    yield _letter(record)
            # Behind the last letter there may be offsets that hold none.
            left = {at: position for at, position in positions.items() if position < until[at]}
    finally:
        await closed(consumer.stop())


async def _some(
    consumer: AIOKafkaConsumer, reader: Reader, positions: Mapping[TopicPartition, int]
) -> tuple[Batches, dict[TopicPartition, int]]:
    """And where to read on. Aiokafka itself asks for ever. Raises TimeoutError."""
    async with asyncio.timeout(STILL_SECONDS):
        while True:
            found = await reader.read(positions, POLL_SECONDS)
            further = {at: await consumer.position(at) for at in positions}
            if further != positions:
                return found, further


async def _extents(connection: KafkaConnection) -> tuple[dict[LogPartition, int], dict[LogPartition, int]]:
    lookup = Lookup(connection, [Topic.DEAD_LETTER], request_seconds=REQUEST_SECONDS)
    try:
        await lookup.open()
        partitions = await lookup.partitions()
        return await lookup.offsets(partitions, END), await lookup.offsets(partitions, BEGINNING)
    finally:
        await lookup.close()


def _in_kafka(connection: KafkaConnection, at: LogPartition) -> TopicPartition:
    return TopicPartition(connection.topics[at.topic], at.partition)


def _why(record: Any) -> str:
    return f"It cannot be unpacked ({record.why})." if isinstance(record, Unreadable) else ""


def _letter(record: Any) -> DeadLetter:
    headers = {name: value.decode(errors="replace") for name, value in record.headers if value is not None}
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        at=record.timestamp / 1000,
        key=record.key,
        value=record.value,
        request=decode_or_none(record.value, JobRequest),
        code=headers.get("rockseg_error_code", ""),
        sentence=_why(record) or headers.get("rockseg_error_sentence", ""),
        origin=headers.get("rockseg_origin", ""),
        attempt=headers.get("rockseg_attempt", ""),
        whole_bytes=headers.get("rockseg_value_bytes", ""),
    )
