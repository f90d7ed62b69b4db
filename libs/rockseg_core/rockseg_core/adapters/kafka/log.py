from collections.abc import Callable
from typing import Final

import structlog
from typing_extensions import override

from rockseg_core.adapters.kafka.cloud_events import (
    Headers,
    cut_headers,
    dead_letter_headers,
    event_headers,
    request_headers,
)
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.producer import Producer, RecordTooLargeError
from rockseg_core.codec.records import encode
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobError, RequestPosition
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import Topic
from rockseg_core.ports.log import JobLog

CUT_BYTES: Final = 4096
"""What stays of a stray's key and value where the whole is more than the dead-letter topic takes."""

_log = structlog.get_logger()


def _no_trace() -> str | None:
    return None


def _say_nothing(_reason: str) -> None:
    pass


class KafkaLog(JobLog):
    """Publishing to Kafka. `open` it on the running loop, `close` it at the end."""

    def __init__(
        self,
        connection: KafkaConnection,
        traceparent: Callable[[], str | None] = _no_trace,
        on_fault: Callable[[str], None] = _say_nothing,
    ) -> None:
        """`traceparent` gives the W3C trace context of whoever publishes now, for the record's headers.

        `on_fault` gets a word for each record that was not confirmed: `timed_out`, `not_connected`, or the name of
        Kafka's error.
        """
        self._producer = Producer(connection, on_fault)
        self._topics = connection.topics
        self._traceparent = traceparent

    def open(self) -> None:
        """Begin to connect; returns at once. Until the brokers are there, publishing waits, then fails."""
        self._producer.open()

    async def wait_connected(self) -> None:
        """Until the brokers have answered for the first time."""
        await self._producer.wait_connected()

    @property
    def connected(self) -> bool:
        """Whether the brokers have ever answered; what is wrong now shows when publishing."""
        return self._producer.connected

    async def close(self) -> None:
        await self._producer.close()

    @override
    async def publish_request(self, request: JobRequest) -> RequestPosition:
        # No partition given: the key's murmur2 chooses it, as with every Kafka client.
        partition, offset = await self._producer.send(
            self._topics[Topic.JOBS],
            key=str(request.job_id).encode(),
            value=encode(request),
            headers=request_headers(request, self._traceparent()),
            partition=None,
        )
        return RequestPosition(partition, offset)

    @override
    async def publish_event(self, event: JobEvent) -> None:
        await self._producer.send(
            self._topics[Topic.JOB_EVENTS],
            key=str(event.job_id).encode(),
            value=encode(event),
            headers=event_headers(event, self._traceparent()),
            partition=event.request_partition,
        )

    @override
    async def publish_dead_letter(self, delivery: Delivery, error: JobError) -> None:
        key, value = delivery.key, delivery.value
        if key is None and value is None:  # aiokafka sends no record that has neither
            key = b""
        headers = dead_letter_headers(delivery, error, self._topics[Topic.JOBS], self._traceparent())
        try:
            await self._publish_letter(key, value, headers)
        except RecordTooLargeError:
            # With the headers it is larger than it was on the topic it came from. Where that is, they say.
            _log.warning("dead_letter_cut", position=list(delivery.position), value_bytes=len(value or b""))
            headers += cut_headers(key, value)
            try:
                await self._publish_letter(key and key[:CUT_BYTES], value and value[:CUT_BYTES], headers)
            except RecordTooLargeError as refused:
                raise LogUnavailableError("The log takes no dead letter, however short.") from refused

    async def _publish_letter(self, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        topic = self._topics[Topic.DEAD_LETTER]
        await self._producer.send(topic, key=key, value=value, headers=headers, partition=None)
