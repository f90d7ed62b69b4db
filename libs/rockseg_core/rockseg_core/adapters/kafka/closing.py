import asyncio
from collections.abc import Coroutine
from typing import Any, Final

CLOSE_SECONDS: Final = 5.0


async def closed(closing: Coroutine[Any, Any, None], seconds: float = CLOSE_SECONDS) -> bool:
    """Let a client end in its own way, but not for ever: one that hangs over TLS waits 30 s for the other's goodbye.
    Whether it has ended in order.

    In a task of its own, whose end nobody asks about: aiokafka 0.14 awaits tasks that it has just cancelled, so that
    what comes out of it may be a CancelledError that nobody meant for us.
    """
    goodbye = asyncio.ensure_future(closing)
    try:
        await asyncio.wait({goodbye}, timeout=seconds)
        return goodbye.done() and not goodbye.cancelled() and goodbye.exception() is None
    finally:
        goodbye.cancel()
        goodbye.add_done_callback(_forget)


def _forget(goodbye: "asyncio.Future[None]") -> None:
    if not goodbye.cancelled():
        goodbye.exception()
