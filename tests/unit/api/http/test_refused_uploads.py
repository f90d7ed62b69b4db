"""Bodies that nobody reads to their end, through a real server and real clients: each gets its answer."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest
import requests
from tests.unit.api.http.api_under_test import Api, api_on_fakes, assert_problem, png, until

from rockseg_api.settings import ApiSettings

FORM = "multipart/form-data; boundary=frontier"
OPENING = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="core.png"\r\n\r\n'
MIB = 1 << 20


class Wire:
    """A client that sends what it is told, byte by byte, and reads one answer."""

    def __init__(self, served: Api) -> None:
        self._port = served.client.base_url.port
        self.sent = 0

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def head(self, **headers: str) -> None:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"POST /predict HTTP/1.1\r\nHost: rockseg\r\n{lines}\r\n".encode())
        await self.writer.drain()

    async def pour(self, piece: bytes, times: int) -> None:
        """Send until all is gone or the server lets go."""
        try:
            for _ in range(times):
                self.writer.write(piece)
                await self.writer.drain()
                self.sent += len(piece)
        except OSError:
            pass

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers, body

    async def closed(self) -> bool:
        async with asyncio.timeout(10):
            try:
                return await self.reader.read(1) == b""
            except ConnectionResetError:
                return True


async def test_without_a_key_the_answer_comes_before_any_of_the_body(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(content_type=FORM, content_length=str(90_000))
        status, headers, body = await wire.answer()
        assert (status, headers["connection"]) == (401, "close")
        assert b"api_key_missing" in body


async def test_a_client_that_reads_only_when_all_is_sent_gets_its_answer(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(content_type=FORM, content_length=str(20 * MIB))
        await wire.pour(bytes(MIB), 20)
        assert wire.sent == 20 * MIB
        assert (await wire.answer())[0] == 401
        assert await wire.closed()


async def test_the_announced_length_alone_is_refused(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(api_key=served.key, content_type=FORM, content_length=str(10**10))
        status, _, body = await wire.answer()
        assert status == 413
        assert b"photo_too_large" in body


async def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(api_key=served.key, content_type=FORM, transfer_encoding="chunked")
        wire.writer.write(b"%x\r\n%s\r\n" % (len(OPENING), OPENING))
        await wire.pour(b"%x\r\n%s\r\n" % (50_000, bytes(50_000)), 3)
        status, headers, body = await wire.answer()
        assert (status, headers["connection"]) == (413, "close")
        assert b"photo_too_large" in body
    assert served.store.objects == {}


async def test_a_chunked_photo_within_the_limit_is_accepted(served: Api) -> None:
    photo = png(100, 100)

    async def body() -> AsyncIterator[bytes]:
        yield OPENING
        for byte in photo:
            yield bytes([byte])
        yield b"\r\n--frontier--\r\n"

    answer = await served.client.post("/predict", content=body(), headers={"content-type": FORM})
    assert answer.status_code == 202, answer.text
    assert list(served.store.objects.values()) == [photo]


async def test_a_connection_serves_on_after_a_refusal_whose_body_was_read(served: Api) -> None:
    async with Wire(served) as wire:
        for _ in range(3):
            await wire.head(api_key=served.key, content_type=FORM, content_length="14")
            wire.writer.write(b"--frontier--\r\n")
            status, headers, _ = await wire.answer()
            assert status == 400
            assert "connection" not in headers


async def test_expect_100_continue_is_answered_at_once_when_refused(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(content_type=FORM, content_length="1000", expect="100-continue")
        assert (await wire.answer())[0] == 401
        assert await wire.closed()


async def test_expect_100_continue_gets_its_continue_when_welcome(served: Api) -> None:
    body = OPENING + png() + b"\r\n--frontier--\r\n"
    async with Wire(served) as wire:
        await wire.head(api_key=served.key, content_type=FORM, content_length=str(len(body)), expect="100-continue")
        assert (await wire.answer())[0] == 100
        wire.writer.write(body)
        assert (await wire.answer())[0] == 202


async def test_an_upload_cut_off_in_the_middle_leaves_nothing(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(api_key=served.key, content_type=FORM, content_length="50000")
        wire.writer.write(OPENING + bytes(1000))
        await wire.writer.drain()
    await until(lambda: served.sample("rockseg_api_refused_total", code="upload_interrupted"))
    assert served.store.objects == {}
    assert served.sample("rockseg_api_upload_memory_bytes") == 0


def endless(piece: bytes, times: int) -> Iterator[bytes]:
    yield OPENING
    for _ in range(times):
        yield piece


async def test_python_requests_reads_the_refusal_of_a_body_it_is_still_sending(served: Api) -> None:
    def post(headers: dict[str, str], data: Any) -> requests.Response:
        return requests.post(f"{served.client.base_url}/predict", data=data, headers=headers, timeout=60)

    chunked = await asyncio.to_thread(post, {"api-key": served.key, "content-type": FORM}, endless(bytes(MIB), 100))
    assert (chunked.status_code, chunked.json()["code"]) == (413, "photo_too_large")
    announced = await asyncio.to_thread(post, {"api-key": served.key, "content-type": FORM}, bytes(100 * MIB))
    assert (announced.status_code, announced.json()["code"]) == (413, "photo_too_large")
    stranger = await asyncio.to_thread(post, {"api-key": "rsk_0_0", "content-type": FORM}, bytes(100 * MIB))
    assert (stranger.status_code, stranger.json()["code"]) == (401, "api_key_unknown")


@pytest.mark.parametrize("expect", ["100-continue", ""])
async def test_curl_reads_the_refusal_of_a_body_it_is_still_sending(served: Api, tmp_path: Path, expect: str) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(100 * MIB)
    command = ["curl", "-sS", "-H", f"api-key: {served.key}", "-H", f"Expect: {expect}" if expect else "Expect:"]
    command += ["-F", f"file=@{large}", "-w", "\n%{http_code}", f"{served.client.base_url}/predict"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("\n413")
    assert '"photo_too_large"' in done.stdout


async def begin(wire: Wire, key: str, size: int) -> None:
    await wire.head(api_key=key, content_type=FORM, content_length=str(size + 5000))
    wire.writer.write(OPENING + bytes(size))


async def test_uploads_beyond_the_memory_set_aside_are_told_to_wait(served: Api) -> None:
    """A photo may have 100 kB and there is room for 250: two that stop halfway leave none for a third."""
    async with Wire(served) as first, Wire(served) as second, Wire(served) as third:
        await begin(first, served.key, 90_000)
        await begin(second, served.other_key, 90_000)
        # The parser keeps back what may be the beginning of a boundary.
        await until(lambda: (served.sample("rockseg_api_upload_memory_bytes") or 0) > 170_000)
        await third.head(api_key=served.key, content_type=FORM, content_length="95000")
        status, headers, body = await third.answer()
        assert (status, headers["retry-after"]) == (503, "1")
        assert b"uploads_busy" in body
        # Without a Content-Length it is found out on the way.
        async with Wire(served) as fourth:
            half = OPENING + bytes(90_000)
            await fourth.head(api_key=served.key, content_type=FORM, transfer_encoding="chunked")
            fourth.writer.write(b"%x\r\n%s\r\n" % (len(half), half))
            assert (await fourth.answer())[0] == 503
    await until(lambda: served.sample("rockseg_api_upload_memory_bytes") == 0)
    assert (await served.client.post("/predict", files={"file": png()})).status_code == 202


async def test_one_tenant_s_uploads_leave_room_for_those_of_others(served: Api) -> None:
    """Half of 250 kB is a tenant's, and no less than one photo of 100."""
    async with Wire(served) as first, Wire(served) as second, Wire(served) as third:
        await begin(first, served.key, 90_000)
        await until(lambda: (served.sample("rockseg_api_upload_memory_bytes") or 0) > 85_000)
        await begin(second, served.key, 90_000)
        status, headers, body = await second.answer()
        assert (status, headers["retry-after"]) == (503, "1")
        assert b"one tenant" in body
        await begin(third, served.other_key, 90_000)
        await until(lambda: (served.sample("rockseg_api_upload_memory_bytes") or 0) > 170_000)


async def test_an_upload_that_pauses_too_long_is_a_408(tmp_path: Path, settings: ApiSettings) -> None:
    hasty = msgspec.structs.replace(settings, upload_idle_seconds=0.3)
    async with api_on_fakes(tmp_path, hasty, serve=True) as served, Wire(served) as wire, Wire(served) as slow:
        await wire.head(api_key=served.key, content_type=FORM, content_length="90000")
        wire.writer.write(OPENING)
        status, _, body = await wire.answer()
        assert status == 408
        assert b"Nothing of the upload came for 0.3 seconds" in body
        photo = OPENING + png() + b"\r\n--frontier--\r\n"
        await slow.head(api_key=served.key, content_type=FORM, content_length=str(len(photo)))
        for first in range(0, len(photo), 20):
            slow.writer.write(photo[first : first + 20])
            await slow.writer.drain()
            await asyncio.sleep(0.03)  # each pause is short, all of them together are not
        assert (await slow.answer())[0] == 202


async def test_an_upload_that_takes_too_long_is_a_408(tmp_path: Path, settings: ApiSettings) -> None:
    hasty = msgspec.structs.replace(settings, upload_seconds=0.2)
    async with api_on_fakes(tmp_path, hasty, serve=True) as served, Wire(served) as wire:
        await wire.head(api_key=served.key, content_type=FORM, content_length="90000")
        wire.writer.write(OPENING)
        status, _, body = await wire.answer()
        assert status == 408
        assert b"upload_too_slow" in body


async def test_a_head_request_has_headers_and_no_body(served: Api) -> None:
    answer = await served.client.head("/classes")
    assert answer.status_code == 503
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0
    assert_problem(await served.client.get("/classes"), 503, "model_unknown")


async def test_the_time_that_a_client_waits_ends_with_the_answer(served: Api) -> None:
    async with Wire(served) as wire:
        await wire.head(content_type=FORM, content_length=str(90_000))
        assert (await wire.answer())[0] == 401
        await asyncio.sleep(0.5)  # what comes then is dropped
    await until(lambda: served.sample("rockseg_api_request_seconds_count", route="/predict"))
    assert (served.sample("rockseg_api_request_seconds_sum", route="/predict") or 1) < 0.4
