"""The device and its one thread: tiles of many jobs in, logits out."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import FatalError
from rockseg_core.ports.segmenter import Segmenter, Tile
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.settings import WorkerSettings
from rockseg_inference.tile_queue import Share, Submission, TileQueue, Wait

_JOIN_SECONDS: Final = 5.0


class _OnDevice(NamedTuple):
    """Whose tiles compute now, since which monotonic time in seconds."""

    since: float
    owners: tuple[Delivery, ...]


class Batcher:
    """Owns the device: one thread takes batches from the queue itself, so the device never waits for the event loop.

    A batch that fails is taken apart: each job's share runs again by itself, and only the guilty job gets the error.
    """

    def __init__(self, segmenter: Segmenter, limits: WorkerSettings, metrics: WorkerMetrics) -> None:
        self._segmenter, self._metrics = segmenter, metrics
        # On a CPU a larger batch is no faster a tile (design §7), so a tile never waits for company.
        delay = 0.0 if segmenter.device == "cpu" else limits.batch_delay_seconds
        self._queue = TileQueue(limits.batch_tiles, delay)
        self._tests: deque[asyncio.Future[bool]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._on_device: _OnDevice | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Future[BaseException]
        # A daemon: a device that hangs must not keep the process from its exit.
        self._thread = threading.Thread(target=self._work, name="rockseg-device", daemon=True)

    def start(self) -> None:
        """Begin to serve; results come to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._thread.start()

    async def close(self) -> None:
        """Let the batch that runs end, and the thread with it; a thread that hangs is left behind."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, _JOIN_SECONDS)

    def forward(
        self, tiles: Sequence[Tile], owner: Delivery | None = None, *, first: bool = False, alone: bool = False
    ) -> asyncio.Future[Sequence[Logits]]:
        """Logits of `tiles`, in their order, once all are computed; the segmenter's exception if they fail.

        `first` marks a first pass, which overtakes; `alone` runs each tile by itself. Cancel to take tiles back.
        `owner` is told by `owners` while they are on the device.
        """
        future: asyncio.Future[Sequence[Logits]] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._queue.push(Submission(tiles, future, owner), time.monotonic(), first=first, alone=alone)
            self._changed.notify()
        return future

    def self_test(self) -> asyncio.Future[bool]:
        """Whether the device still computes what it should; before all tiles that wait."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._tests.append(future)
            self._changed.notify()
        return future

    def busy_seconds(self) -> float:
        """How long the present batch has been on the device; 0 when it is idle or tests itself."""
        now = self._on_device
        return 0.0 if now is None else time.monotonic() - now.since

    def owners(self) -> tuple[Delivery, ...]:
        """Whose tiles are on the device now, or were when its thread stopped."""
        now = self._on_device
        return () if now is None else now.owners

    async def stopped(self, seconds: float) -> BaseException | None:
        """What ended the device's thread before its time; None when it still serves after so many seconds."""
        await asyncio.wait([self._stopped], timeout=seconds)
        return self._stopped.result() if self._stopped.done() else None

    def _work(self) -> None:
        try:
            self._serve()
        except BaseException as error:  # noqa: BLE001  # a library's SystemExit, say: nobody would hear of it
            self._tell(self._stopped.set_result, error)

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            # Each in a call of its own: its locals hold arrays, which must not live until the next batch.
            if isinstance(job, list):
                self._compute(job)
            else:
                self._test(job)
            self._on_device = None
            del job

    def _next(self) -> "list[Share] | asyncio.Future[bool] | None":
        with self._changed:
            while not self._closed:
                if self._tests:
                    return self._tests.popleft()
                batch = self._queue.pop(time.monotonic())
                if not isinstance(batch, Wait):
                    return batch
                self._changed.wait(batch.seconds)
        return None

    def _compute(self, batch: list[Share]) -> None:
        try:
            logits = self._forward(batch)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the jobs' to judge; the thread goes on
            if len(batch) == 1:
                self._tell(_fail, batch[0].submission.future, error)
            else:
                for share in batch:
                    self._compute([share])
            return
        self._tell(_deliver, batch, logits)

    def _forward(self, batch: list[Share]) -> Sequence[Logits]:
        tiles = [tile for share in batch for tile in share.tiles]
        owners = tuple(share.submission.owner for share in batch if share.submission.owner is not None)
        self._on_device = _OnDevice(time.monotonic(), owners)
        self._metrics.batch_tiles.observe(len(tiles))
        began = time.perf_counter()
        try:
            logits = self._segmenter.forward(tiles)
        except StopIteration as error:  # no future takes one: its job would wait for ever
            raise FatalError from error
        finally:
            self._metrics.device_seconds.inc(time.perf_counter() - began)
        if len(logits) != len(tiles):
            raise FatalError("the model answered for another number of tiles")
        return logits

    def _test(self, future: "asyncio.Future[bool]") -> None:
        try:
            sound = self._segmenter.self_test()
        except Exception:  # noqa: BLE001  # a self-test that cannot run has failed
            sound = False
        self._tell(_answer, future, sound)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)


def _deliver(batch: list[Share], logits: Sequence[Logits]) -> None:
    begin = 0
    for share in batch:
        share.submission.take(share.places, logits[begin : begin + len(share.places)])
        begin += len(share.places)


def _fail(future: asyncio.Future[Sequence[Logits]], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _answer(future: asyncio.Future[bool], sound: bool) -> None:
    if not future.done():
        future.set_result(sound)
