"""Results of many megabytes: what clients that read get, and what those that do not read cost."""

import asyncio
import base64
import random
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.api.http.api_under_test import Api, api_on_fakes, assert_problem, png, until

from rockseg_api.settings import ApiSettings

MIB = 1 << 20
PICTURE = random.Random(7).randbytes(3 * MIB + 1)


@pytest.fixture
def large(settings: ApiSettings) -> ApiSettings:
    """Room for two such pictures, one a tenant's."""
    return replace(settings, answer_memory_bytes=10 * MIB, photo_max_pixels=1_000_000, stall_seconds=0.5)


@asynccontextmanager
async def asking(api: Api, path: str, key: str) -> AsyncIterator[socket.socket]:
    """A client that asks and does not read; the kernel takes little for it."""
    assert api.server is not None
    api.server.servers[0].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", api.port))
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\napi-key: {key}\r\n\r\n"
        await loop.sock_sendall(connection, request.encode())
        yield connection


@pytest.mark.parametrize("size", [0, 1, 2, 3, 196_607, 196_608, 196_609, len(PICTURE)])
async def test_a_picture_of_any_size_arrives_whole_in_either_form(
    tmp_path: Path, large: ApiSettings, size: int
) -> None:
    async with api_on_fakes(tmp_path, large, serve=True) as api:
        job_id = await api.finish_with_picture(PICTURE[:size])
        as_json = await api.client.get(f"/job/{job_id}")
        assert base64.b64decode(as_json.json()["result"]["base64"], validate=True) == PICTURE[:size]
        assert list(as_json.json())[-1] == "error_code"
        as_png = await api.client.get(f"/job/{job_id}?form=png")
        assert as_png.content == PICTURE[:size]
        for answer, form in ((as_json, "json"), (as_png, "png")):
            head = await api.client.head(f"/job/{job_id}?form={form}")
            assert head.headers["content-length"] == answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("form", ["json", "png"])
async def test_clients_that_do_not_read_fill_no_memory(tmp_path: Path, large: ApiSettings, form: str) -> None:
    patient = replace(large, stall_seconds=60.0)
    async with api_on_fakes(tmp_path, patient, serve=True) as api, AsyncExitStack() as clients:
        path = f"/job/{await api.finish_with_picture(PICTURE)}?form={form}"
        for _ in range(12):
            await clients.enter_async_context(asking(api, path, api.key))
        await until(lambda: api.sending() > 0)
        assert (api.sample("rockseg_api_answer_memory_bytes") or 0) <= 5 * MIB
        assert api.sending() < MIB


async def test_a_client_that_takes_nothing_is_cut_off_and_its_memory_comes_back(
    tmp_path: Path, large: ApiSettings
) -> None:
    async with api_on_fakes(tmp_path, large, serve=True) as api:
        path = f"/job/{await api.finish_with_picture(PICTURE)}?form=png"
        async with asking(api, path, api.key):
            await until(lambda: api.sending() > 0)
            assert api.sample("rockseg_api_answer_memory_bytes") == len(PICTURE)
            again = await api.client.get(path)  # waits until the one that does not read is cut off
            assert again.content == PICTURE
        assert api.sample("rockseg_api_answer_memory_bytes") == 0


async def test_the_last_bytes_of_an_answer_are_not_kept_for_ever_either(tmp_path: Path, large: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, large, serve=True) as api:
        path = "/schema/static/swagger-ui-bundle.js"
        async with asking(api, path, api.key):
            await until(lambda: api.sending() > 0)
            assert api.sending() < MIB
            await until(lambda: api.sending() == 0)


async def test_a_slow_reader_that_goes_on_reading_gets_all_of_it(tmp_path: Path, large: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(large, stall_seconds=0.3), serve=True) as api:
        path = f"/job/{await api.finish_with_picture(PICTURE)}?form=png"
        loop, got = asyncio.get_running_loop(), 0
        async with asking(api, path, api.key) as client, asyncio.timeout(60):
            while got < len(PICTURE):
                piece = await loop.sock_recv(client, 10_000)
                assert piece, "it was cut off"
                got += len(piece)
                await asyncio.sleep(0.001)  # what makes it slow: some times the patience for all of it


async def test_one_tenant_that_does_not_read_leaves_room_for_another(tmp_path: Path, large: ApiSettings) -> None:
    patient = replace(large, stall_seconds=60.0)
    async with api_on_fakes(tmp_path, patient, serve=True) as api:
        path = f"/job/{await api.finish_with_picture(PICTURE)}?form=png"
        other = {"api-key": api.other_key}
        theirs = (await api.client.post("/predict", files={"file": ("a", png())}, headers=other)).json()["job_id"]
        async with asking(api, path, api.key):
            await until(lambda: api.sending() > 0)
            busy = await api.client.get(f"{path}&mask_weight=0.1")  # a result of the same tenant, one that may not wait
            assert_problem(busy, 503, "answers_busy")
            assert busy.headers["retry-after"] == "2"
            assert (await api.client.get(f"/job/{theirs}", headers=other)).json()["status"] == "queued"
