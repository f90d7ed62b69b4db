import asyncio
import random
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.domain.errors import LogUnavailableError

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 2.0
BATCH_BYTES: Final = 64 * 1024

_log = structlog.get_logger()


class Producer:
    """An AIOKafkaProducer that waits for absent brokers, and is made anew when it has failed for good.

    Order within a partition: aiokafka's Sender mutes a partition while a batch of it is in flight, its retries
    included, so one batch a partition is out at a time. Idempotence is off: an idempotent producer of aiokafka never
    expires a batch, and cannot recover a lost sequence number (design §5). So a record may stand there twice.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._producer: Any = None
        self._connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to connect; returns at once, brokers or no brokers."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="kafka-producer")

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
        """
        try:
            async with asyncio.timeout(self._connection.settings.send_seconds):
                await self._connected.wait()
                producer = self._producer
                if partition is not None:
                    await _know_partition(producer, topic, partition)
                sent = await producer.send_and_wait(topic, value, key=key, partition=partition, headers=headers)
        except TimeoutError as error:
            raise LogUnavailableError("The log did not confirm a record in time.") from error
        except (KafkaError, OSError) as error:
            self._renew_if_dead(error)
            raise LogUnavailableError("The log did not take a record.") from error
        return sent.partition, sent.offset

    def _renew_if_dead(self, error: Exception) -> None:
        # What ends aiokafka's Sender comes out as a bare KafkaError, of every later send too: no subclass, no retry.
        if type(error) is KafkaError and self._connected.is_set():
            _log.error("kafka_producer_renewed", reason=str(error))
            self._connected.clear()
            self._connecting = asyncio.create_task(self._connect(self._producer), name="kafka-producer")

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
