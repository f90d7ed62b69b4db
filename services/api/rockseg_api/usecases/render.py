import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import structlog

from rockseg_api.errors import ResultMissingError
from rockseg_api.usecases.budget import RenderBudget
from rockseg_api.usecases.result import read_object
from rockseg_core.codec.bundle import decode_report
from rockseg_core.domain.errors import ObjectMissingError, StoreUnavailableError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.keys import overlay_key
from rockseg_core.domain.report import Report
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.mask import decode_mask
from rockseg_core.imaging.overlay import LegendEntry, render_overlay
from rockseg_core.ports.store import ObjectStore

PATIENCE_SECONDS: Final = 0.5  # a full pool must say so within a second of the request (design §7)
"""How long a render waits for its turn."""

_log = structlog.get_logger()


class OverlayRenderer:
    """Draws an overlay on its first GET, and keeps it in the store: a view of photo and mask (design §7)."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        pool_workers: int = 2,
        budget_megapixels: int = 128,
        patience_seconds: float = PATIENCE_SECONDS,
        on_render: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """`on_render` hears the seconds that each overlay took to draw; those found in the store are not drawn."""
        self._store = store
        self._pool = ThreadPoolExecutor(pool_workers, thread_name_prefix="render")
        self._budget = RenderBudget(
            renders=pool_workers, pixels=budget_megapixels * 1_000_000, patience_seconds=patience_seconds
        )
        self._on_render = on_render
        self._flights: dict[str, asyncio.Future[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, job: JobRecord, weight: float, *, legend: bool) -> bytes:
        """The PNG for a finished job.

        Raises RenderBusyError within a second, JobGoneError when it was erased meanwhile, ResultMissingError, and
        StoreUnavailableError.
        """
        if job.mask_key is None:
            raise ResultMissingError
        key = overlay_key(job.mask_key, weight, legend=legend)
        image = self._flights.get(key)
        if image is None:
            image = asyncio.get_running_loop().create_future()
            self._flights[key] = image
            task = asyncio.create_task(self._fly(key, job, weight, image, legend=legend), name="render")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(image)  # one who hangs up does not take the picture from the others

    async def close(self) -> None:
        """Let what is being drawn and kept come to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False)

    async def _fly(
        self, key: str, job: JobRecord, weight: float, image: asyncio.Future[bytes], *, legend: bool
    ) -> None:
        try:
            try:
                image.set_result(await self._store.get(key))
            except ObjectMissingError:
                await self._draw_and_keep(key, job, weight, image, legend=legend)
        except Exception as error:
            if image.done():
                raise
            image.set_exception(error)
            image.exception()  # seen, also where everybody has hung up
        finally:
            del self._flights[key]
            image.cancel()  # where this task was cancelled: nobody waits for ever

    async def _draw_and_keep(
        self, key: str, job: JobRecord, weight: float, image: asyncio.Future[bytes], *, legend: bool
    ) -> None:
        report = decode_report(await read_object(self._store, job, job.report_key))
        async with self._budget.take(report.width * report.height):
            photo, mask = await asyncio.gather(
                read_object(self._store, job, job.photo_key), read_object(self._store, job, job.mask_key)
            )
            began = time.perf_counter()
            png = await asyncio.get_running_loop().run_in_executor(
                self._pool, partial(_draw, photo, mask, report, weight, legend=legend)
            )
            self._on_render(time.perf_counter() - began)
            image.set_result(png)
            # The answer need not wait for this, the budget must: the picture is in memory until it is kept.
            await self._keep(key, png, job)

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


def _draw(photo: bytes, mask: bytes, report: Report, weight: float, *, legend: bool) -> bytes:
    classes = [
        LegendEntry(index=found.index, name=found.name, rgb=found.rgb)
        for found in sorted(report.classes, key=lambda found: found.index)
    ]
    pixels = decode_photo(photo, max_pixels=report.width * report.height)
    return render_overlay(pixels, decode_mask(mask), classes, weight, legend=legend)
