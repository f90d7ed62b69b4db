"""A whole API on the fakes, with a client that calls it in the same loop; and the same behind a real uvicorn."""

import asyncio
import io
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import uvicorn
from msgspec.structs import replace
from PIL import Image
from prometheus_client import CollectorRegistry

from rockseg_api.bootstrap import ApiParts, build_api, http_server
from rockseg_api.keys import create_key
from rockseg_api.metrics import ApiMetrics
from rockseg_api.settings import ApiSettings
from rockseg_core.codec.bundle import encode_report
from rockseg_core.domain.fold import JobRecord, event_of
from rockseg_core.domain.job import JobError, JobStatus, ModelRef, Tenant
from rockseg_core.domain.keys import ObjectKeys, overlay_key
from rockseg_core.domain.report import ClassShare, CoreGeometry, Report
from rockseg_core.imaging.mask import encode_confidence, encode_mask
from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.memory_store import MemoryStore
from rockseg_core.testing.null_segmenter import NULL_MANIFEST

DEADLINE_SECONDS = 20
TENANT = Tenant("acme")
MODEL = ModelRef("null", "1", "0" * 64)


def png(width: int = 8, height: int = 8, color: str = "grey") -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (width, height), color).save(body, "PNG")
    return body.getvalue()


def _result_objects(job: JobRecord, side: int) -> dict[str, bytes]:
    mask = np.ones((8, 8), np.uint8)
    mask[:, 4:] = 3
    share = {"pixels": 32, "share_of_rock": 0.5}
    report = Report(
        width=side,
        height=side,
        classes=(
            ClassShare(name="sandstone", rgb=(174, 199, 232), index=1, **share),
            ClassShare(name="mudstone", rgb=(152, 223, 138), index=3, **share),
        ),
        rock_fraction=1.0,
        core=CoreGeometry(8.0, "y", 1, "first_pass"),
        confident_share=1.0,
        model=MODEL,
        seconds={"forward": 0.1},
        warnings=(),
    )
    keys = ObjectKeys()
    digest = "0123456789abcdef"
    return {
        keys.mask(job.tenant, job.job_id, digest): encode_mask(mask, [rock.rgb for rock in NULL_MANIFEST.classes]),
        keys.confidence(job.tenant, job.job_id, digest): encode_confidence(np.full((8, 8), 200, np.uint8)),
        keys.report(job.tenant, job.job_id, digest): encode_report(report),
    }


@dataclass
class Api:
    """The service, its fakes, and a client with a key of tenant `acme`."""

    parts: ApiParts
    store: MemoryStore
    log: MemoryLog
    clock: FakeClock
    settings: ApiSettings
    key: str
    other_key: str
    keys_file: Path
    client: httpx.AsyncClient
    server: uvicorn.Server | None = None

    def sample(self, name: str, **labels: str) -> float | None:
        """A metric's value as Prometheus would read it."""
        return self.parts.metrics.registry.get_sample_value(name, labels)

    async def record(self, job_id: str) -> JobRecord:
        return (await self.parts.view.get(TENANT, UUID(job_id))).job

    async def finish(self, job_id: str, side: int = 8) -> None:
        """What a worker does: the left half sandstone (1), the right half mudstone (3), on an 8 × 8 photo.

        Its report may say that the photo was larger.
        """
        job = await self.record(job_id)
        await self.log.publish_event(event_of(job, JobStatus.STARTED, self.clock.now() + 1))
        await self._end(job, _result_objects(job, side))

    async def fail(self, job_id: str) -> None:
        job = await self.record(job_id)
        event = event_of(job, JobStatus.FAILED, self.clock.now() + 2)
        error = JobError("worker_crashed", "The worker crashed three times over this photo.")
        await self.log.publish_event(replace(event, error=error))

    async def _end(self, job: JobRecord, objects: dict[str, bytes]) -> None:
        for key, body in objects.items():
            await self.store.put(key, body, "application/octet-stream")
        mask_key, confidence_key, report_key = objects
        event = event_of(job, JobStatus.FINISHED, self.clock.now() + 2)
        await self.log.publish_event(
            replace(
                event,
                started_at=self.clock.now() + 1,
                mask_key=mask_key,
                confidence_key=confidence_key,
                report_key=report_key,
                model=MODEL,
            )
        )

    async def finish_with_picture(self, picture: bytes) -> str:
        """A finished job whose overlay is these bytes."""
        job_id = await self.submit()
        await self.finish(job_id, side=math.isqrt(len(picture) // 3) + 1)
        job = await self.record(job_id)
        assert job.mask_key is not None
        await self.store.put(overlay_key(job.mask_key, 0.5, legend=True), picture, "image/png")
        return job_id

    @property
    def port(self) -> int:
        return self.client.base_url.port or 0

    def sending(self) -> int:
        """Bytes that wait in the buffers of the server's connections."""
        assert self.server is not None
        return sum(one.transport.get_write_buffer_size() for one in self.server.server_state.connections)

    async def submit(self, **form: str) -> str:
        answer = await self.client.post("/predict", files={"file": ("core.png", png())}, data=form)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])


async def until(condition: Callable[[], object]) -> None:
    """Waits for something that no event tells of."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a server's own state, or a metric: neither can be awaited
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Drives an ASGI lifespan."""
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
        await task


@asynccontextmanager
async def api_on_fakes(
    folder: Path, settings: ApiSettings, *, serve: bool = False, log_away: bool = False
) -> AsyncIterator[Api]:
    """`serve`: behind a real uvicorn on a port of this machine, else called directly."""
    clock = FakeClock()
    store, log = MemoryStore(), MemoryLog(clock)
    log.unavailable = log_away
    (key, line), (other_key, other_line) = create_key("acme"), create_key("rival")
    keys_file = folder / "keys.txt"
    keys_file.write_text(f"# two tenants\n{line}\n{other_line}\n", encoding="utf-8")
    parts = build_api(
        settings,
        store=store,
        log=log,
        feed=log,
        clock=clock,
        keys_file=keys_file,
        view_path=":memory:",
        metrics=ApiMetrics(CollectorRegistry()),
    )
    server = None
    async with asyncio.timeout(120):
        if serve:
            server = http_server(parts, settings)
            serving = asyncio.create_task(server.serve())
            await until(lambda: server.started)
            port = server.servers[0].sockets[0].getsockname()[1]
            client = httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", headers={"api-key": key}, timeout=DEADLINE_SECONDS
            )
        else:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(parts.app, raise_app_exceptions=True),
                base_url="http://rockseg",
                headers={"api-key": key},
            )
        api = Api(parts, store, log, clock, settings, key, other_key, keys_file, client, server)
        async with client:
            if serve:
                await parts.view.caught_up()
                yield api
                assert server is not None
                server.should_exit = True
                await serving
            else:
                async with running(parts.app):
                    if not log_away:
                        await parts.view.caught_up()
                    yield api


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """RFC 9457, with our code, and without `status`."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:rockseg:problem:{code}"
    assert problem["title"]
    assert "status" not in problem
    return problem
