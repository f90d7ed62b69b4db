"""A whole API on the fakes, with a client that calls it in the same loop; and the same behind a real uvicorn."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from prometheus_client import CollectorRegistry

from rockseg_api.bootstrap import ApiParts, build_api, http_server
from rockseg_api.keys import create_key
from rockseg_api.settings import ApiSettings
from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.memory_store import MemoryStore

DEADLINE_SECONDS = 20


def png(width: int = 8, height: int = 8, color: str = "grey") -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (width, height), color).save(body, "PNG")
    return body.getvalue()


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

    async def submit(self, **form: str) -> str:
        answer = await self.client.post("/predict", files={"file": ("core.png", png())}, data=form)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])


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
async def api_on_fakes(folder: Path, settings: ApiSettings, *, serve: bool = False) -> AsyncIterator[Api]:
    """`serve`: behind a real uvicorn on a port of this machine, else called directly."""
    clock = FakeClock()
    store, log = MemoryStore(), MemoryLog(clock)
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
        registry=CollectorRegistry(),
    )
    async with asyncio.timeout(120):
        if serve:
            server = http_server(parts, settings)
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
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
        api = Api(parts, store, log, clock, settings, key, other_key, keys_file, client)
        async with client:
            if serve:
                await parts.view.caught_up()
                yield api
                server.should_exit = True
                await serving
            else:
                async with running(parts.app):
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
