from collections.abc import Callable

from typing_extensions import override

from rockseg_core.adapters.kafka.cloud_events import dead_letter_headers, event_headers, request_headers
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.producer import Producer
from rockseg_core.codec.records import encode
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError, RequestPosition
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import Topic
from rockseg_core.ports.log import JobLog


def _no_trace() -> str | None:
    return None


class KafkaLog(JobLog):
    """Publishing to Kafka. `open` it on the running loop, `close` it at the end."""

    def __init__(self, connection: KafkaConnection, traceparent: Callable[[], str | None] = _no_trace) -> None:
        """`traceparent` gives the W3C trace context of whoever publishes now, for the record's headers."""
        self._producer = Producer(connection)
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
        key = delivery.key
        if key is None and delivery.value is None:  # aiokafka sends no record that has neither
            key = b""
        await self._producer.send(
            self._topics[Topic.DEAD_LETTER],
            key=key,
            value=delivery.value,
            headers=dead_letter_headers(delivery, error, self._topics[Topic.JOBS], self._traceparent()),
            partition=None,
        )
