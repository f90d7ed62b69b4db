"""What a service does at its start with parts that do not answer: it waits, and its log names them and says why."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import structlog

from rockseg_core.adapters.kafka.check import check_brokers
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.domain.errors import LogUnavailableError, StoreUnavailableError
from rockseg_core.ports.feed import Topic

WAIT_SECONDS: Final = 5.0

T = TypeVar("T")
_log = structlog.get_logger()


async def until_brokers_answer(connection: KafkaConnection, topics: Iterable[Topic]) -> None:
    """Raises SettingsError with a sentence that names the variable, where they answer and refuse."""
    while True:
        try:
            await check_brokers(connection, topics)
        except LogUnavailableError as error:
            _log.warning("waiting for Kafka", reason=error.sentence)
            await asyncio.sleep(WAIT_SECONDS)
        else:
            _log.info("Kafka answered")
            return


async def until_store_answers(look: Callable[[], Awaitable[T]]) -> T:
    """What `look` gives once it raises StoreUnavailableError no more; its other errors come out."""
    while True:
        try:
            found = await look()
        except StoreUnavailableError as error:
            _log.warning("waiting for the object store", reason=error.reason)
            await asyncio.sleep(WAIT_SECONDS)
        else:
            _log.info("object store answered")
            return found
