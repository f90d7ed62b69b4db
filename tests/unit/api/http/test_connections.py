"""Clients that open connections and say little: each has its time, and there is a last one."""

import asyncio
import resource
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.api.http.api_under_test import Api, api_on_fakes

from rockseg_api.http.connections import most_connections
from rockseg_api.settings import ApiSettings

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def hasty(settings: ApiSettings) -> ApiSettings:
    return replace(settings, head_seconds=0.3)


async def connect(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", api.port)


async def ends(reader: asyncio.StreamReader, within_seconds: float = 10) -> bool:
    """Whether the server ends the connection without a word."""
    try:
        async with asyncio.timeout(within_seconds):
            return await reader.read(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


async def answered(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
    return int(head.split()[1])


@pytest.mark.parametrize("start", [b"", b"GET /hea", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
async def test_a_head_that_does_not_come_ends_the_connection(tmp_path: Path, hasty: ApiSettings, start: bytes) -> None:
    async with api_on_fakes(tmp_path, hasty, serve=True) as api:
        reader, writer = await connect(api)
        writer.write(start)
        assert await ends(reader)
        writer.close()


async def test_a_head_that_drips_is_no_better(tmp_path: Path, hasty: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, hasty, serve=True) as api:
        reader, writer = await connect(api)
        writer.write(b"GET /healthz HTTP/1.1\r\nA: ")
        async with asyncio.timeout(10):
            while not await ends(reader, 0.02):
                writer.write(b"x")


@pytest.mark.parametrize("start", [b"GET /hea", b"\r\n"])
async def test_neither_is_the_second_head_of_a_connection(tmp_path: Path, hasty: ApiSettings, start: bytes) -> None:
    async with api_on_fakes(tmp_path, hasty, serve=True) as api:
        reader, writer = await connect(api)
        writer.write(GET)
        assert await answered(reader) == 200
        writer.write(start)
        assert await ends(reader)
        reader, writer = await connect(api)
        writer.write(GET + b"GET /hea")  # in one piece
        assert await answered(reader) == 200
        assert await ends(reader)


async def test_between_requests_a_connection_may_rest_longer(tmp_path: Path, hasty: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, hasty, serve=True) as api:
        reader, writer = await connect(api)
        for _ in range(2):
            writer.write(GET)
            assert await answered(reader) == 200
            assert not await ends(reader, 0.5)
        writer.close()


async def test_a_request_that_takes_long_is_not_a_head_that_does(tmp_path: Path, hasty: ApiSettings) -> None:
    patient = replace(hasty, barrier_seconds=1.0)
    async with api_on_fakes(tmp_path, patient, serve=True) as api:
        job_id = await api.submit()
        api.log.unavailable = True
        assert (await api.client.get(f"/job/{job_id}")).headers["rockseg-stale"] == "true"


async def test_the_longest_idle_connection_makes_room_for_a_new_one(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, connections=3), serve=True) as api:
        silent = [await connect(api) for _ in range(2)]
        used = await connect(api)
        used[1].write(GET)
        assert await answered(used[0]) == 200
        newest = await connect(api)
        newest[1].write(GET)
        assert await answered(newest[0]) == 200
        assert await ends(silent[0][0])
        assert not await ends(silent[1][0], 0.1)
        used[1].write(GET)
        assert await answered(used[0]) == 200


async def test_where_all_are_busy_a_new_connection_is_told_so(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, connections=2), serve=True) as api:
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\napi-key: {api.key}\r\nContent-Length: 9\r\n"
        busy = [await connect(api) for _ in range(2)]
        for reader, writer in busy:
            writer.write(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b".encode())
            assert not await ends(reader, 0.05)
        reader, writer = await connect(api)
        async with asyncio.timeout(10):
            said = await reader.read()
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b'"connections_busy"' in said
        assert b"retry-after: 1" in said
        for _, writer in busy:
            writer.close()


def test_connections_take_half_of_the_files_at_most() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, soft), hard))
        assert most_connections(10) == 10
        raised, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert raised == hard
        assert most_connections(10**9) == hard // 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
