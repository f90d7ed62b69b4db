import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import structlog

from rockseg_api.errors import ResultMissingError
from rockseg_api.usecases.budget import RenderBudget
from rockseg_api.usecases.picture import draw_overlay
from rockseg_api.usecases.result import read_object, report_of
from rockseg_core.domain.errors import ObjectMissingError, StoreUnavailableError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.keys import overlay_key
from rockseg_core.ports.store import ObjectStore

MOST_WAITING: Final = 64
"""Renders in line at once: what two at a time draw of photos of 12 MP within the longer patience."""

_log = structlog.get_logger()


class Patience(NamedTuple):
    """How long a render waits for its turn, in seconds.

    The overlay of the submitted weight is a job's result. Many are due at once when many jobs finish, and a client that
    polls for `status` takes no 503 for an answer; so it waits in line, for less than a client's usual time-out of 30 s.
    Any other weight is tried out by somebody who waits for it: a full pool says so within a second (design §7).
    """

    submitted: float = 25.0
    other: float = 0.5


PATIENCE: Final = Patience()


class OverlayRenderer:
    """Draws the overlay of a job: a view of photo and mask (design §7).

    The one of the submitted weight is kept in the store. Of others a client may ask a thousand: those are drawn each
    time, once for all who ask at the same time.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        pool_workers: int = 2,
        budget_megapixels: int = 128,
        patience: Patience = PATIENCE,
        most_waiting: int = MOST_WAITING,
        on_render: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """`on_render` hears the seconds that each overlay took to draw; those found in the store are not drawn."""
        self._store = store
        self._pool = ThreadPoolExecutor(pool_workers, thread_name_prefix="render")
        self._budget = RenderBudget(
            renders=pool_workers, pixels=budget_megapixels * 1_000_000, most_waiting=most_waiting
        )
        self._patience = patience
        self._on_render = on_render
        self._flights: dict[str, asyncio.Future[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def patience_seconds(self, job: JobRecord, weight: float) -> float:
        """How long one who asks for this overlay may be kept waiting for a turn."""
        return self._patience.submitted if _submitted(job, weight) else self._patience.other

    async def __call__(
        self, job: JobRecord, weight: float, *, legend: bool, patience_seconds: float | None = None
    ) -> bytes:
        """The PNG for a finished job; `patience_seconds` is what is left of it where some was spent before.

        Raises RenderBusyError once its patience is over, JobGoneError when it was erased meanwhile, ResultMissingError,
        and StoreUnavailableError.
        """
        if job.mask_key is None:
            raise ResultMissingError
        key = overlay_key(job.mask_key, weight, legend=legend)
        image = self._flights.get(key)
        if image is None:
            image = asyncio.get_running_loop().create_future()
            self._flights[key] = image
            if patience_seconds is None:
                patience_seconds = self.patience_seconds(job, weight)
            drawing = _Drawing(key, job, weight, legend, patience_seconds)
            task = asyncio.create_task(self._fly(drawing, image), name="render")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(image)  # one who hangs up does not take the picture from the others

    async def close(self) -> None:
        """Let what is being drawn and kept come to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False)

    async def _fly(self, drawing: "_Drawing", image: asyncio.Future[bytes]) -> None:
        try:
            if drawing.kept:
                try:
                    image.set_result(await self._store.get(drawing.key))
                except ObjectMissingError:
                    await self._draw(drawing, image)
            else:
                await self._draw(drawing, image)
        except Exception as error:
            if image.done():
                raise
            image.set_exception(error)
            image.exception()  # seen, also where everybody has hung up
        finally:
            del self._flights[drawing.key]
            image.cancel()  # where this task was cancelled: nobody waits for ever

    async def _draw(self, drawing: "_Drawing", image: asyncio.Future[bytes]) -> None:
        job = drawing.job
        report = report_of(job, await read_object(self._store, job, job.report_key))
        async with self._budget.take(report.width * report.height, drawing.patience_seconds):
            photo, mask = await asyncio.gather(
                read_object(self._store, job, job.photo_key), read_object(self._store, job, job.mask_key)
            )
            began = time.perf_counter()
            png = await asyncio.get_running_loop().run_in_executor(
                self._pool, partial(draw_overlay, job, photo, mask, report, drawing.weight, legend=drawing.legend)
            )
            self._on_render(time.perf_counter() - began)
            image.set_result(png)
            if drawing.kept:
                # The answer need not wait for this, the budget must: the picture is in memory until it is kept.
                await self._keep(drawing.key, png, job)

    async def _keep(self, key: str, png: bytes, job: JobRecord) -> None:
        try:
            await self._store.put(key, png, "image/png")
        except StoreUnavailableError:
            _log.warning("overlay_not_kept", key=key)  # and yet it may have landed, so look at the photo all the same
        try:
            if not await self._store.exists(job.photo_key):
                await self._store.delete(key)
        except StoreUnavailableError:
            _log.warning("overlay_unchecked", key=key)  # the sweep, at the latest, deletes what an erased job has


@dataclass(frozen=True)
class _Drawing:
    """What is to be drawn, and how long it may wait for its turn."""

    key: str
    job: JobRecord
    weight: float
    legend: bool
    patience_seconds: float

    @property
    def kept(self) -> bool:
        return _submitted(self.job, self.weight)


def _submitted(job: JobRecord, weight: float) -> bool:
    return weight == job.options.mask_weight
