import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from rockseg_api.errors import RenderBusyError

_BUSY: Final = "Too many overlays are being drawn; try again shortly."


class RenderBudget:
    """How many renders run at once, and how many pixels they hold together; first come, first served."""

    def __init__(self, *, renders: int, pixels: int, most_waiting: int) -> None:
        self._free_renders = renders
        self._free_pixels = pixels
        self._pixels = pixels
        self._most_waiting = most_waiting
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, pixels: int, patience_seconds: float) -> AsyncIterator[None]:
        """Hold a share while the block runs; raises RenderBusyError when none is free in time, or the line is full.

        A photo beyond the whole budget takes all of it: it runs, alone.
        """
        if len(self._queue) >= self._most_waiting:
            raise RenderBusyError(_BUSY)
        share = min(pixels, self._pixels)
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((share, granted))
        self._grant()
        try:
            async with asyncio.timeout(patience_seconds):
                await granted
        except BaseException as error:
            if granted.done() and not granted.cancelled():  # granted and given up in the same turn of the loop
                self._give_back(share)
            else:
                granted.cancel()
                with suppress(ValueError):  # not in line any more: `_grant` has met it
                    self._queue.remove((share, granted))
                self._grant()  # one that waited behind it may fit
            if isinstance(error, TimeoutError):
                raise RenderBusyError(_BUSY) from error
            raise
        try:
            yield
        finally:
            self._give_back(share)

    def _give_back(self, share: int) -> None:
        self._free_renders += 1
        self._free_pixels += share
        self._grant()

    def _grant(self) -> None:
        while self._queue:
            share, granted = self._queue[0]
            if not granted.done():
                if not self._free_renders or share > self._free_pixels:
                    return
                self._free_renders -= 1
                self._free_pixels -= share
                granted.set_result(None)
            self._queue.popleft()
