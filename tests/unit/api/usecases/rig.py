"""The use cases of one replica on fakes, a worker's hand, and a store that can be held up at any call."""

import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from PIL import Image
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site

from rockseg_api.usecases.admission import Admission
from rockseg_api.usecases.erase import EraseJob
from rockseg_api.usecases.read import ReadJob
from rockseg_api.usecases.render import OverlayRenderer
from rockseg_api.usecases.submit import SubmitJob
from rockseg_api.usecases.sweep import ExpirySweep
from rockseg_api.view.job_view import JobView
from rockseg_core.codec.bundle import encode_report
from rockseg_core.domain.fold import event_of
from rockseg_core.domain.job import JobOptions, JobStatus, ModelRef
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.records import JobRequest
from rockseg_core.domain.report import ClassShare, CoreGeometry, Report
from rockseg_core.imaging.mask import encode_mask
from rockseg_core.ports.feed import JobFeed, Topic
from rockseg_core.ports.store import ObjectStore
from rockseg_core.testing.memory_store import MemoryStore

LONGEST_QUEUE_SECONDS = 6 * 3600.0
KEYS = ObjectKeys("some/prefix/")
PALETTE = [(0, 0, 0), (174, 199, 232), (255, 187, 120), (152, 223, 138)]
WIDTH, HEIGHT = 60, 40
MASK = np.zeros((HEIGHT, WIDTH), np.uint8)
MASK[5:20, 10:30], MASK[20:35, 30:50] = 3, 1
CLASSES = ((3, "mudstone", 300), (1, "sandstone", 300))  # the order in a report does not matter


def png(shade: int = 120, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    body = io.BytesIO()
    pixels = np.full((height, width, 3), shade, np.uint8)
    pixels[::2, :, 0] = np.arange(width, dtype=np.uint8)
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


class Watched(ObjectStore):
    """A MemoryStore whose calls a test may hold up: `hook("put", key)` before one, `hook("put done", key)` after it."""

    def __init__(self, inner: MemoryStore) -> None:
        self.inner = inner
        self.hook: Callable[[str, str], Awaitable[None]] | None = None
        self.calls: list[tuple[str, str]] = []

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        async with self._watch("put", key):
            await self.inner.put(key, body, content_type)

    async def get(self, key: str) -> bytes:
        async with self._watch("get", key):
            return await self.inner.get(key)

    async def exists(self, key: str) -> bool:
        async with self._watch("exists", key):
            return await self.inner.exists(key)

    async def delete(self, key: str) -> None:
        async with self._watch("delete", key):
            await self.inner.delete(key)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        async with self._watch("keys", prefix):
            found = [key async for key in self.inner.keys(prefix)]
        for key in found:
            yield key

    def names(self, call: str) -> list[str]:
        """The last parts of the keys of all such calls."""
        return [key.rpartition("/")[2] for name, key in self.calls if name == call]

    @asynccontextmanager
    async def _watch(self, call: str, key: str) -> AsyncIterator[None]:
        self.calls.append((call, key))
        if self.hook is not None:
            await self.hook(call, key)
        yield
        if self.hook is not None:
            await self.hook(f"{call} done", key)


@dataclass
class Rig:
    site: Site
    objects: MemoryStore
    store: Watched
    view: JobView
    submit: SubmitJob
    erase: EraseJob
    sweep: ExpirySweep
    renderer: OverlayRenderer
    read: ReadJob
    drawn: list[float]
    failures: list[None]  # of the sweep

    def requests(self) -> list[JobRequest]:
        """Every request in the log."""
        lanes = self.site.log._topics[Topic.JOBS].lanes
        return [msgspec.json.decode(stored.value, type=JobRequest) for lane in lanes for stored in lane.records]

    async def finish(self, job_id: UUID, mask: np.ndarray = MASK) -> None:
        """What a worker does, in a moment."""
        job = (await self.view.get(TENANT, job_id)).job
        report = Report(
            width=mask.shape[1],
            height=mask.shape[0],
            classes=tuple(ClassShare(name, PALETTE[index], index, pixels, 0.5) for index, name, pixels in CLASSES),
            rock_fraction=0.25,
            core=CoreGeometry(40.0, "x", 1, "first_pass"),
            confident_share=0.9,
            model=ModelRef("m", "1", "00"),
            seconds={},
            warnings=(),
        )
        bodies = {"mask": encode_mask(mask, PALETTE), "confidence": b"grey", "report": encode_report(report)}
        named = {}
        for kind, body in bodies.items():
            key = getattr(KEYS, kind)(TENANT, job_id, hashlib.sha256(body).hexdigest())
            await self.objects.put(key, body, "")
            named[f"{kind}_key"] = key
        finished = event_of(job, JobStatus.FINISHED, self.site.clock.now())
        await self.site.log.publish_event(msgspec.structs.replace(finished, **named))

    async def finished(self, shade: int = 120, mask: np.ndarray = MASK) -> UUID:
        photo = png(shade, width=mask.shape[1], height=mask.shape[0])
        accepted = await self.submit(TENANT, photo, JobOptions())
        await self.finish(accepted.job_id, mask)
        return accepted.job_id

    def of_job(self, job_id: UUID) -> list[str]:
        """The names of a job's objects."""
        return sorted(key.rpartition("/")[2] for key in self.objects.objects if str(job_id) in key)


@asynccontextmanager
async def rigged(
    site: Site,
    *,
    objects: MemoryStore | None = None,
    feed: JobFeed | None = None,
    barrier_seconds: float = 5.0,
    most_unfinished: int = 1000,
    **render: Any,
) -> AsyncIterator[Rig]:
    """One replica; those of one test share site and objects."""
    objects = MemoryStore() if objects is None else objects
    store, drawn, failures = Watched(objects), [], []
    async with site.view(feed, barrier_seconds=barrier_seconds) as view:
        renderer = OverlayRenderer(store, on_render=drawn.append, **render)
        shared = {"store": store, "log": site.log, "view": view, "clock": site.clock, "keys": KEYS}
        yield Rig(
            site=site,
            objects=objects,
            store=store,
            view=view,
            submit=SubmitJob(
                **shared,
                lifetime_seconds=LIFETIME_SECONDS,
                max_pixels=64_000_000,
                admission=Admission(view, most_unfinished=most_unfinished, longest_queue_seconds=LONGEST_QUEUE_SECONDS),
            ),
            erase=EraseJob(**shared),
            sweep=ExpirySweep(
                store=store, view=view, clock=site.clock, keys=KEYS, on_failure=lambda: failures.append(None)
            ),
            renderer=renderer,
            read=ReadJob(view=view, store=store, renderer=renderer),
            drawn=drawn,
            failures=failures,
        )
        await renderer.close()
