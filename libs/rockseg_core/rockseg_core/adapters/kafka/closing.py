import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from aiokafka.errors import KafkaError

CLOSE_SECONDS: Final = 5.0


async def closed(closing: Awaitable[None]) -> None:
    """Let a client end in its own way, but not for ever: one that hangs over TLS waits 30 s for the other's goodbye."""
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
