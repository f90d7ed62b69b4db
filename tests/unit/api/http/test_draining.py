"""What clients hear whose requests are under way when a replica ends, and what the log does not."""

import asyncio
import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.api.http.api_under_test import Api, api_on_fakes, png, until

from rockseg_api.settings import ApiSettings


async def told(reader: asyncio.StreamReader) -> tuple[int, bytes, str]:
    """Status, head and code of all that comes until the connection ends."""
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), json.loads(body)["code"]


async def begin_upload(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\napi-key: {api.key}\r\nContent-Length: 9000\r\n"
    writer.write(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode())
    await until(lambda: api.server is not None and api.server.server_state.tasks)
    return reader, writer


@pytest.mark.parametrize("drain_seconds", [1.0, 6.5])
async def test_an_upload_that_does_not_end_is_told_to_come_again(
    tmp_path: Path, settings: ApiSettings, drain_seconds: float
) -> None:
    draining = replace(settings, drain_seconds=drain_seconds)
    with capture_logs() as logs:
        api = await cut_off_upload(tmp_path, draining)
    assert all("timeout graceful shutdown" in entry["said"] for entry in logs if entry["log_level"] == "error")
    assert api.sample("rockseg_api_refused_total", code="shutting_down") == 1
    assert api.sample("rockseg_api_upload_memory_bytes") == 0


async def cut_off_upload(folder: Path, settings: ApiSettings) -> Api:
    async with api_on_fakes(folder, settings, serve=True) as api:
        reader, writer = await begin_upload(api)
        assert api.server is not None
        api.server.should_exit = True
        status, head, code = await told(reader)
        assert (status, code) == (503, "shutting_down")
        assert b"application/problem+json" in head
        assert b"retry-after: 1" in head
        writer.close()
    return api


async def test_an_upload_that_ends_in_time_is_taken(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, drain_seconds=20.0), serve=True) as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + png() + b"\r\n--b--\r\n"
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\napi-key: {api.key}\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode() + body[:50])
        await until(lambda: api.server is not None and api.server.server_state.tasks)
        assert api.server is not None
        api.server.should_exit = True
        await until(lambda: api.parts.drain.draining)
        writer.write(body[50:])
        async with asyncio.timeout(10):
            assert (await reader.read()).startswith(b"HTTP/1.1 202 ")
        writer.close()


async def test_a_request_that_does_not_end_is_told_to_come_again(tmp_path: Path, settings: ApiSettings) -> None:
    patient = replace(settings, drain_seconds=1.0, barrier_seconds=60.0)
    with capture_logs() as logs:
        await cut_off_request(tmp_path, patient)
    assert all("timeout graceful shutdown" in entry["said"] for entry in logs if entry["log_level"] == "error")


async def cut_off_request(folder: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(folder, settings, serve=True) as api:
        job_id = await api.submit()
        api.log.unavailable = True
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(f"GET /job/{job_id} HTTP/1.1\r\nHost: x\r\napi-key: {api.key}\r\n\r\n".encode())
        await until(lambda: api.server is not None and api.server.server_state.tasks)
        assert api.server is not None
        api.server.should_exit = True
        status, head, code = await told(reader)
        assert (status, code) == (503, "shutting_down")
        assert b"retry-after: 1" in head
        writer.close()


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def kept(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over which a request was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(HEALTH)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
    return reader, writer


async def test_a_request_on_its_way_over_a_connection_that_was_kept_is_answered(
    tmp_path: Path, settings: ApiSettings
) -> None:
    """Or a client would see its connection end, and could not know whether what it sent was done."""
    async with api_on_fakes(tmp_path, settings, serve=True) as api:
        reader, writer = await kept(api)
        assert api.server is not None
        api.server.should_exit = True
        await until(lambda: api.parts.drain.draining)
        writer.write(HEALTH)
        async with asyncio.timeout(10):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer.lower()
        writer.close()


async def test_a_connection_over_which_nothing_comes_does_not_hold_up_the_end(
    tmp_path: Path, settings: ApiSettings
) -> None:
    async with api_on_fakes(tmp_path, replace(settings, drain_seconds=20.0), serve=True) as api:
        reader, writer = await kept(api)
        assert api.server is not None
        api.server.should_exit = True
        async with asyncio.timeout(10):
            assert not await reader.read()
        writer.close()
