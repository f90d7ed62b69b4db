import asyncio
import random
import traceback
from collections.abc import Callable
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.domain.errors import FatalError, LogUnavailableError

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 2.0
BATCH_BYTES: Final = 64 * 1024

_log = structlog.get_logger()


class RecordTooLargeError(FatalError):
    """More than the client or the topic takes in one record: no waiting mends it."""


class Producer:
    """An AIOKafkaProducer that waits for absent brokers, and is made anew when it has failed for good.

    Order within a partition: aiokafka's Sender mutes a partition while a batch of it is in flight, its retries
    included, so one batch a partition is out at a time. Idempotence is off: an idempotent producer of aiokafka never
    expires a batch, and cannot recover a lost sequence number (design §5). So a record may stand there twice.
    """

    def __init__(self, connection: KafkaConnection, on_fault: Callable[[str], None]) -> None:
        """`on_fault` gets a word for each record that was not confirmed, such as `timed_out`: for a metric."""
        self._connection = connection
        self._on_fault = on_fault
        self._failing = False
        self._producer: Any = None
        self._connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to connect; returns at once, brokers or no brokers."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._keep_connecting(), name="kafka-producer")

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    async def wait_connected(self) -> None:
        await self._connected.wait()

    async def close(self) -> None:
        """What was sent has its time to be confirmed; then the connections are closed."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._producer is not None:
            await closed(self._producer.stop())
            self._producer = None

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
        partition: int | None,
    ) -> tuple[int, int]:
        """(partition, offset), once all in-sync replicas have it.

        Raises LogUnavailableError after `send_seconds`, and on any error: the record may have landed, or land yet.
        Raises RecordTooLargeError where it has not, and never will.
        """
        try:
            async with asyncio.timeout(self._connection.settings.send_seconds):
                await self._connected.wait()
                producer = self._producer
                if partition is not None:
                    await _know_partition(producer, topic, partition)
                sent = await producer.send_and_wait(topic, value, key=key, partition=partition, headers=headers)
        except TimeoutError as error:
            reason = "timed_out" if self.connected else "not_connected"
            raise self._failed(reason, "The log did not confirm a record in time.") from error
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise RecordTooLargeError from error
        except (KafkaError, OSError) as error:
            self._renew_if_dead(error)
            raise self._failed(type(error).__name__, "The log did not take a record.") from error
        if self._failing:
            self._failing = False
            _log.info("kafka_publishing_works")
        return sent.partition, sent.offset

    def _failed(self, reason: str, sentence: str) -> LogUnavailableError:
        self._on_fault(reason)
        if not self._failing:
            self._failing = True
            _log.warning("kafka_publishing_fails", reason=reason)
        error = LogUnavailableError(sentence)
        error.reason = reason
        return error

    def _renew_if_dead(self, error: Exception) -> None:
        # What ends aiokafka's Sender comes out as a bare KafkaError, of every later send too: no subclass, no retry.
        if type(error) is KafkaError and self._connected.is_set():
            _log.error("kafka_producer_renewed", reason=str(error))
            self._connected.clear()
            self._connecting = asyncio.create_task(self._keep_connecting(self._producer), name="kafka-producer")

    async def _keep_connecting(self, dead: Any = None) -> None:
        while True:
            try:
                return await self._connect(dead)
            except Exception as error:  # noqa: BLE001  # a task that ended would mean no publishing for ever, unsaid
                where = traceback.format_tb(error.__traceback__)  # without its text, which may hold anything
                _log.critical("kafka_producer_fault", reason=type(error).__name__, where=where)
                dead = None
            await asyncio.sleep(LONGEST_PAUSE_SECONDS)

    async def _connect(self, dead: Any = None) -> None:
        if dead is not None:
            self._producer = None
            await closed(dead.stop())
        pause = FIRST_PAUSE_SECONDS
        while True:
            producer = AIOKafkaProducer(
                **self._connection.arguments(
                    acks="all",
                    enable_idempotence=False,
                    linger_ms=0,
                    max_batch_size=BATCH_BYTES,
                    # A batch that nobody waits for any more expires; a hung connection is renewed.
                    request_timeout_ms=int(self._connection.settings.send_seconds * 1000),
                )
            )
            try:
                await producer.start()
            except (KafkaError, OSError, TimeoutError) as error:
                await closed(producer.stop())
                _log.warning(
                    "kafka_unreachable",
                    brokers=self._connection.settings.brokers,
                    reason=type(error).__name__,
                    retry_seconds=pause,
                )
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            except BaseException:
                await closed(producer.stop())
                raise
            else:
                self._producer = producer
                self._connected.set()
                return


async def _know_partition(producer: Any, topic: str, partition: int) -> None:
    """A partition that was added a moment ago: aiokafka takes a number it does not know for a bug of ours."""
    while partition not in await producer.partitions_for(topic):
        await producer.client.force_metadata_update()
        await asyncio.sleep(FIRST_PAUSE_SECONDS)
