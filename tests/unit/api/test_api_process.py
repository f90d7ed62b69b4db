"""What only a process of its own can show: what it imports, its metrics port, and its memory under a 10 GB upload."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import requests
from prometheus_client import CollectorRegistry

from rockseg_api.bootstrap import build_api, http_server
from rockseg_api.keys import create_key
from rockseg_api.metrics import ApiMetrics
from rockseg_api.settings import ApiSettings
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import SettingsError
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.memory_store import MemoryStore

MIB = 1 << 20
CHUNK = bytes(MIB)

SERVER = """
import asyncio, signal, sys
from contextlib import nullcontext
from pathlib import Path
import uvloop
from prometheus_client import CollectorRegistry
from rockseg_api.bootstrap import build_api, http_server
from rockseg_api.metrics import ApiMetrics
from rockseg_api.settings import ApiSettings
from rockseg_core.domain.clock import SystemClock
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.memory_store import MemoryStore

async def serve():
    clock = SystemClock()
    log, store = MemoryLog(clock), MemoryStore()
    settings = ApiSettings(port=0, metrics_port=int(sys.argv[2]))
    parts = build_api(settings, store=store, log=log, feed=log, clock=clock, keys_file=Path(sys.argv[1]),
                      view_path=":memory:", metrics=ApiMetrics(CollectorRegistry()))
    server = http_server(parts, settings)
    server.capture_signals = nullcontext  # uvicorn would end the process before it can say what it holds
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, setattr, server, "should_exit", True)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await serving
    print("objects", len(store.objects), flush=True)

uvloop.run(serve())
"""


@asynccontextmanager
async def server(keys_file: Path, metrics_port: int) -> AsyncIterator[tuple[int, psutil.Process]]:
    command = [sys.executable, "-c", SERVER, str(keys_file), str(metrics_port)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 30))
        yield port, psutil.Process(process.pid)
        process.terminate()
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"objects 0\n"
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def pour(port: int, head: str, opening: bytes, piece: bytes, times: int) -> tuple[int, bytes]:
    """Send up to `times` pieces, and only then read, as simple clients do; how many were taken, and what came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        taken = 0
        try:
            connection.sendall(head.encode() + opening)
            for taken in range(times):  # noqa: B007 - it is what is returned
                connection.sendall(piece)
        except (ConnectionResetError, BrokenPipeError):
            pass
        return taken, connection.recv(4096)


def warm_up(port: int, key: str) -> None:
    """A first request costs buffers and late imports of its own."""
    answer = requests.post(
        f"http://127.0.0.1:{port}/predict", files={"file": CHUNK}, headers={"api-key": key}, timeout=30
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["chunked", "announced", "stranger", "field", "preamble"])
async def test_an_upload_of_10_gb_costs_no_memory(tmp_path: Path, kind: str) -> None:
    key, line = create_key("acme")
    keys_file = tmp_path / "keys"
    keys_file.write_text(line, encoding="utf-8")
    common = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=frontier\r\n"
    if kind != "stranger":
        common += f"api-key: {key}\r\n"
    name = "notes" if kind == "field" else 'file"; filename="x.png'
    part = f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
    if kind == "announced":
        head, opening, piece = f"{common}Content-Length: {10**10}\r\n\r\n", part, CHUNK
    else:
        head = f"{common}Transfer-Encoding: chunked\r\n\r\n"
        opening = b"" if kind == "preamble" else b"%x\r\n%s\r\n" % (len(part), part)
        piece = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK)
    async with server(keys_file, 0) as (port, process):
        await asyncio.to_thread(warm_up, port, key)
        before = process.memory_info().rss
        peak = before
        pouring = asyncio.create_task(asyncio.to_thread(pour, port, head, opening, piece, 10_000))
        while not pouring.done():
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.005)
        taken, said = await pouring
        assert taken < 1000, "it was let in"
        assert said.startswith(b"HTTP/1.1 401" if kind == "stranger" else b"HTTP/1.1 413"), said
        held = {"chunked": 64 * MIB * 1.2}.get(kind, 0)  # a photo may have 64 MiB, and is held until it has more
        assert peak - before < held + 24 * MIB


async def test_metrics_have_a_port_of_their_own(tmp_path: Path) -> None:
    keys_file = tmp_path / "keys"
    keys_file.write_text("# nobody\n", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        metrics_port = probe.getsockname()[1]
    async with server(keys_file, metrics_port) as (port, _):
        await asyncio.to_thread(requests.get, f"http://127.0.0.1:{port}/readyz", timeout=10)
        metrics = await asyncio.to_thread(requests.get, f"http://127.0.0.1:{metrics_port}/metrics", timeout=10)
        assert metrics.status_code == 200
        assert 'rockseg_api_requests_total{method="GET",route="/readyz",status="200"} 1.0' in metrics.text
        assert 'rockseg_api_build_info{version="' in metrics.text
        absent = await asyncio.to_thread(requests.get, f"http://127.0.0.1:{port}/metrics", timeout=10)
        assert absent.status_code == 404


async def test_a_taken_metrics_port_is_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    keys_file = tmp_path / "keys"
    keys_file.write_text("# nobody\n", encoding="utf-8")
    clock = SystemClock()
    log = MemoryLog(clock)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = ApiSettings(port=0, metrics_port=taken.getsockname()[1])
        parts = build_api(
            settings,
            store=MemoryStore(),
            log=log,
            feed=log,
            clock=clock,
            keys_file=keys_file,
            view_path=":memory:",
            metrics=ApiMetrics(CollectorRegistry()),
        )
        with pytest.raises(SettingsError, match="ROCKSEG_METRICS_PORT"):
            http_server(parts, settings)
    await parts.view.stop()


def test_rockseg_up_on_a_taken_metrics_port_ends_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "rockseg_standalone", "up", "--port", "0", "--model", "null:0ms"]
        done = subprocess.run(
            [*command, "--data-dir", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "ROCKSEG_METRICS_PORT": str(taken.getsockname()[1])},
        )
    assert done.returncode == 2
    assert done.stderr.startswith("rockseg: /metrics cannot listen on 127.0.0.1:")
    assert done.stderr.count("\n") == 1


def test_the_api_loads_no_torch() -> None:
    script = (
        "import json, pkgutil, sys, importlib, rockseg_api\n"
        "for found in pkgutil.walk_packages(rockseg_api.__path__, 'rockseg_api.'):\n"
        "    importlib.import_module(found.name)\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""}
    )
    loaded = set(json.loads(done.stdout))
    assert "rockseg_api.bootstrap" in loaded
    assert not loaded & {"torch", "torchvision", "timm", "segmentation_models_pytorch", "rockseg_inference"}
