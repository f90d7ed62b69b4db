import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class PhotoBudget:
    """Bounds what decoded photos take of memory, by their number and their pixels; first come, first served.

    A photo that alone is above the bound goes when nothing else is held, so that it neither fails nor waits for ever.
    """

    def __init__(self, photos: int, pixels: int) -> None:
        self._photos, self._pixels = photos, pixels
        self._held_photos, self._held_pixels = 0, 0
        self._turn = asyncio.Lock()  # serves its waiters in order: a large photo is not overtaken for ever
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(self, pixels: int) -> AsyncIterator[None]:
        async with self._turn:
            while self._held_photos and not self._fits(pixels):
                self._freed.clear()
                await self._freed.wait()
            self._held_photos += 1
            self._held_pixels += pixels
        try:
            yield
        finally:
            self._held_photos -= 1
            self._held_pixels -= pixels
            self._freed.set()

    def _fits(self, pixels: int) -> bool:
        return self._held_photos < self._photos and self._held_pixels + pixels <= self._pixels
