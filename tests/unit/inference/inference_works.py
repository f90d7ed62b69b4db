import asyncio
import hashlib
import random
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

import cv2
import numpy as np
from prometheus_client import CollectorRegistry
from typing_extensions import override

from rockseg_core.codec.digest import request_digest
from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobOptions, JobStatus, Tenant
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.segmenter import Segmenter, Tile
from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.memory_store import MemoryStore
from rockseg_core.testing.null_segmenter import TILE_SIDE, NullPlan, NullSegmenter, fail
from rockseg_inference.exits import ExitReason
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.settings import WorkerSettings
from rockseg_inference.worker import Worker

GREY, POISON = (120, 130, 140), (255, 0, 0)
LIFETIME = 3600.0


def png(colour: tuple[int, int, int] = GREY, height: int = 64, width: int = 64) -> bytes:
    picture = np.full((height, width, 3), colour[::-1], np.uint8)
    return cv2.imencode(".png", picture)[1].tobytes()


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition; a test that waits in vain fails by its deadline."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # looks at the state of several parts, which share no event
            await asyncio.sleep(0.001)


class GatedSegmenter(NullSegmenter):
    """A device that computes only while its gate is open; `entered` counts the batches that came to it."""

    def __init__(self, *, rounds: int = 1) -> None:
        super().__init__(rounds=rounds, poisons={POISON: fail})
        self.gate = threading.Event()
        self.entered = 0

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        self.entered += 1
        assert self.gate.wait(30), "the test never opened the gate"
        return super().forward(tiles)


class TiledNull(NullSegmenter):
    """A round of as many tiles as the photo is wide, by 64 px."""

    @override
    def plan(self, photo: Pixels, options: JobOptions) -> NullPlan:
        plan = super().plan(photo, options)
        count = photo.shape[1] // TILE_SIDE
        tiles, add, left = plan.tiles, plan.add, count

        def add_last(given: Sequence[Tile], logits: Sequence[Logits]) -> None:
            nonlocal left
            left -= len(given)
            if not left:
                add(given[:1], logits[:1])

        plan.tiles = lambda: [tile for tile in tiles() for _ in range(count)]  # type: ignore[method-assign]
        plan.add = add_last  # type: ignore[method-assign]
        return plan


class Works:
    """A log, a store, a clock, and workers that come and go."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.log = MemoryLog(self.clock)
        self.keys = ObjectKeys()
        self.segmenter: Segmenter = NullSegmenter(poisons={POISON: fail})
        self.limits = WorkerSettings()
        self.registry = CollectorRegistry()
        self.worker: Worker
        self.running: asyncio.Task[ExitReason] | None = None
        self.options = JobOptions()
        self.naps: list[float] = []
        self.waking = asyncio.Event()
        self.waking.set()
        self._random = random.Random(7)

    async def nap(self, seconds: float) -> None:
        """A sleep that takes no time: the clock moves instead. While `waking` is clear it has no end."""
        self.naps.append(seconds)
        self.clock.advance(seconds)
        await self.waking.wait()
        await asyncio.sleep(0)

    def start(self) -> asyncio.Task[ExitReason]:
        """A worker takes over the log."""
        self.registry = CollectorRegistry()
        self.worker = Worker(
            deliveries=self.log.deliveries(),
            store=self.store,
            log=self.log,
            segmenter=self.segmenter,
            clock=self.clock,
            keys=self.keys,
            metrics=WorkerMetrics(self.registry),
            limits=self.limits,
            sleep=self.nap,
            jitter=lambda: 1.0,
        )
        self.running = asyncio.ensure_future(self.worker.run())
        return self.running

    async def drained(self) -> ExitReason:
        """Tell the worker to go, and how it went."""
        assert self.running is not None
        self.worker.drain()
        async with asyncio.timeout(20):
            return await self.running

    async def killed(self) -> None:
        """The worker vanishes, as by SIGKILL: it commits nothing more, and says nothing."""
        assert self.running is not None
        self.log.crash()
        self.running.cancel()
        if isinstance(self.segmenter, GatedSegmenter):
            self.segmenter.gate.set()
        await asyncio.gather(self.running, return_exceptions=True)

    async def remaining(self) -> list[Delivery]:
        """What a next worker would be handed, once the last one has left."""
        source, found = self.log.deliveries(), list[Delivery]()
        while True:
            receiving = asyncio.ensure_future(source.receive())
            for _ in range(10):
                await asyncio.sleep(0)
            if not receiving.done():
                receiving.cancel()
                source.vanish()
                return found
            delivery = receiving.result()
            assert delivery is not None
            found.append(delivery)
            await source.acknowledge(delivery)  # or no other would come beside a suspect

    def request(self, body: bytes, tenant: str = "acme", lifetime: float = LIFETIME) -> JobRequest:
        sha256 = hashlib.sha256(body).hexdigest()
        job_id = UUID(int=self._random.getrandbits(128), version=4)
        options, now = self.options, self.clock.now()
        return JobRequest(
            job_id=job_id,
            tenant=Tenant(tenant),
            photo_key=self.keys.photo(Tenant(tenant), job_id, sha256, "png"),
            photo_sha256=sha256,
            digest=request_digest(sha256, options),
            options=options,
            accepted_at=now,
            expires_at=now + lifetime,
        )

    async def submit(self, body: bytes | None = None, tenant: str = "acme", lifetime: float = LIFETIME) -> JobRequest:
        """Photo into the store, request onto the log, as the API does."""
        body = png() if body is None else body
        request = self.request(body, tenant, lifetime)
        self.store.objects[request.photo_key] = body
        await self.log.publish_request(request)
        return request

    def erase_photo(self, request: JobRequest) -> None:
        self.store.objects.pop(request.photo_key)

    def events(self, request: JobRequest) -> list[JobEvent]:
        return [event for event in self.log.events() if event.job_id == request.job_id]

    def kinds(self, request: JobRequest) -> list[JobStatus]:
        return [event.kind for event in self.events(request)]

    def ended(self, *requests: JobRequest) -> Callable[[], bool]:
        return lambda: all(any(kind.terminal for kind in self.kinds(request)) for request in requests)

    def objects_of(self, request: JobRequest) -> set[str]:
        return {key for key in self.store.objects if key.startswith(self.keys.job(request.tenant, request.job_id))}

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def outcomes(self, outcome: str, reason: str = "") -> float:
        return self.count("rockseg_jobs_ended_total", outcome=outcome, reason=reason)
