"""One photo's way from the store through the device to its results (design §7)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeAlias, TypeVar

from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.records import JobRequest
from rockseg_core.imaging.inspect import inspect_photo
from rockseg_core.ports.segmenter import Segmenter, Tile
from rockseg_inference.batcher import Batcher
from rockseg_inference.budget import PhotoBudget
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.objects import JobObjects, Results
from rockseg_inference.photo_work import Next, PhotoWork
from rockseg_inference.settings import WorkerSettings

T = TypeVar("T")
Turns: TypeAlias = deque[tuple[Sequence[Tile], asyncio.Future[Sequence[Logits]]]]

# While the device computes one turn of a job's tiles the next one stands ready, so that it never waits for a thread.
_TURNS_AHEAD: Final = 2


class Pipeline:
    """Stages of many photos overlap: one is decoded while another is on the device and a third is encoded.

    Bounds: photos fetched and not decoded, photos decoded (by number and pixels), tiles at the device (by turns).
    """

    def __init__(
        self,
        segmenter: Segmenter,
        batcher: Batcher,
        objects: JobObjects,
        threads: Executor,
        limits: WorkerSettings,
        metrics: WorkerMetrics,
    ) -> None:
        self._segmenter, self._batcher, self._objects = segmenter, batcher, objects
        self._threads, self._limits, self._metrics = threads, limits, metrics
        self._fetched = asyncio.Semaphore(limits.photos_fetched)
        self._decoded = PhotoBudget(limits.photos_decoded, limits.pixels_decoded)

    async def __call__(self, delivery: Delivery, request: JobRequest) -> Results:
        """Raises PhotoGoneError, PhotoRefusedError, FatalError, and whatever the segmenter raises."""
        work = PhotoWork(self._segmenter)
        async with AsyncExitStack() as held:
            found = await self._begin(request, work, held)
            first = True
            while not isinstance(found, Results):
                found = await self._round(delivery, request, work, found, first=first)
                first = False
        for stage, seconds in work.seconds.items():
            self._metrics.stage_seconds.labels(stage).observe(seconds)
        return found

    async def _begin(self, request: JobRequest, work: PhotoWork, held: AsyncExitStack) -> Next:
        async with self._fetch(request, work) as body:
            pixels = await self._in_thread(_pixels, body, self._limits.photo_max_pixels)
            await held.enter_async_context(self._decoded.hold(pixels))
            return await self._in_thread(work.begin, body, request.options, self._limits.photo_max_pixels)

    @asynccontextmanager
    async def _fetch(self, request: JobRequest, work: PhotoWork) -> AsyncIterator[bytes]:
        """A photo in its slot. It waits for the store without one: a photo that cannot be read holds up no other."""

        async def try_once(get: Callable[[], Awaitable[bytes]]) -> bytes:
            await self._fetched.acquire()
            try:
                with work.stage("fetch"):
                    return await get()
            except BaseException:
                self._fetched.release()
                raise

        body = await self._objects.photo(request, try_once)
        try:
            yield body
        finally:
            self._fetched.release()

    async def _round(
        self, delivery: Delivery, request: JobRequest, work: PhotoWork, tiles: Sequence[Tile], *, first: bool
    ) -> Next:
        """All tiles of a round through the device, a turn at a time."""
        turn_tiles = self._limits.batch_tiles
        ahead: Turns = deque()
        try:
            for begin in range(0, len(tiles), turn_tiles):
                if len(ahead) == _TURNS_AHEAD:
                    await self._in_thread(work.add, *await _computed(work, ahead))
                await self._objects.look(request)
                turn = tiles[begin : begin + turn_tiles]
                ahead.append((turn, self._batcher.forward(turn, delivery, first=first, alone=delivery.suspect)))
            while len(ahead) > 1:
                await self._in_thread(work.add, *await _computed(work, ahead))
            return await self._in_thread(work.end_round, *await _computed(work, ahead))
        finally:
            for _, computed in ahead:
                _take_back(computed)

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _contained, call, *arguments)


def _contained(call: Callable[..., T], *arguments: object) -> T:
    """`call`, but of what it raises only what a job may wait for: a SystemExit or CancelledError would pass for one of
    the event loop's own, and no future takes a StopIteration.
    """
    try:
        return call(*arguments)
    except BaseException as error:
        if isinstance(error, StopIteration) or not isinstance(error, Exception):
            raise FatalError from error
        raise


def _pixels(body: bytes, max_pixels: int) -> int:
    info = inspect_photo(body, max_pixels=max_pixels)
    return info.width * info.height


async def _computed(work: PhotoWork, ahead: Turns) -> tuple[Sequence[Tile], Sequence[Logits]]:
    """The oldest turn, once the device is through with it."""
    tiles, future = ahead.popleft()
    with work.stage("forward"):
        return tiles, await future


def _take_back(future: asyncio.Future[Sequence[Logits]]) -> None:
    if not future.cancel() and not future.cancelled():
        future.exception()  # looked at, or asyncio would print it, text and all
