"""What is hardly HTTP, through a real server: each gets a 4xx problem, and nothing of it stays in memory."""

import asyncio
import json
import logging

import pytest
from structlog.testing import capture_logs
from tests.unit.api.http.api_under_test import Api

from rockseg_api.http.server_log import log_server_errors

KIB = 1024


async def exchange(served: Api, *pieces: bytes) -> tuple[int, bytes]:
    """The status and body of the first answer; (0, b"") when the server only closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.client.base_url.port)
    try:
        async with asyncio.timeout(10):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            return int(head.split()[1]), await reader.readexactly(length)
    except (OSError, asyncio.IncompleteReadError):
        return 0, b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"GET /job/%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n", 401),
        (b"GET /nothing/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET http://elsewhere/job HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"BREW /predict HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /predict HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 405),
    ],
)
async def test_what_is_hardly_a_request_is_a_4xx_problem_and_no_line_in_the_log(
    served: Api, request_: bytes, status: int, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logs:
        got, body = await exchange(served, request_)
    assert got == status
    assert json.loads(body)["code"]
    assert not logs
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]
    assert not capfd.readouterr().err


def test_an_error_of_the_server_is_one_event_without_the_exception_s_message() -> None:
    def broken() -> None:
        raise LookupError("a secret: rsk_1_2")

    log_server_errors()
    with capture_logs() as logs:
        try:
            broken()
        except LookupError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    [entry] = logs
    assert (entry["event"], entry["said"], entry["error"]) == (
        "http server",
        "Exception in ASGI application",
        "LookupError",
    )
    assert entry["at"][-1].startswith("test_raw_requests.py:")
    assert "secret" not in str(entry)


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: ", b"GET / HTTP/1.1\r\n"])
async def test_an_endless_head_is_a_431(served: Api, start: bytes) -> None:
    filler = b"X-Many: 1\r\n" * 100 if start.endswith(b"1\r\n") else b"a" * KIB
    status, body = await exchange(served, start, *[filler] * 80)
    assert (status, json.loads(body or b"{}").get("code")) == (431, "head_too_large")


@pytest.mark.parametrize(
    "head", [b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: %s\r\n\r\n"]
)
@pytest.mark.parametrize("pieces", [1, 7])
async def test_how_long_a_head_may_be_does_not_depend_on_how_it_is_sent(served: Api, head: bytes, pieces: int) -> None:
    for size, expected in ((70_000, {431}), (64_000, {302, 404})):
        request = head % (b"a" * size)
        step = len(request) // pieces + 1
        status, _ = await exchange(served, *[request[first : first + step] for first in range(0, len(request), step)])
        assert status in expected, size


@pytest.mark.parametrize("blank", [b"", b" ", b"\t", b" \t  "])
async def test_blanks_around_a_header_s_value_are_no_part_of_it(served: Api, blank: bytes) -> None:
    job_id = await served.submit()
    await served.finish(job_id)
    tag = (await served.client.get(f"/job/{job_id}?form=mask")).headers["etag"].encode()
    key, path = served.key.encode(), f"/job/{job_id}?form=mask".encode()
    request = b"GET %s HTTP/1.1\r\nHost: x\r\napi-key:%s%s%s\r\nIf-None-Match:%s%s\r\n\r\n"
    assert (await exchange(served, request % (path, blank, key, blank, tag, blank)))[0] == 304


async def test_a_fault_behind_a_request_does_not_answer_in_its_place(served: Api) -> None:
    good = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for fault in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        for times in (1, 3):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(good * times + fault)
            async with asyncio.timeout(10):
                said = await reader.read()
            statuses = [int(head.split()[0]) for head in said.split(b"HTTP/1.1 ")[1:]]
            assert statuses[:times] == [200] * times
            assert statuses[times:] in ([], [431])  # what comes in a later read may be answered in its turn
            writer.close()


async def test_endless_trailers_end_the_connection(served: Api) -> None:
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\napi-key: {served.key}\r\nTransfer-Encoding: chunked\r\n"
    start = f"{head}Content-Type: multipart/form-data; boundary=frontier\r\n\r\n0\r\n".encode()
    status, _ = await exchange(served, start, *[b"X-Many: 1\r\n" * 100] * 200)
    assert status in {0, 431}  # asyncio's reader forgets what came before a reset
    assert (await served.client.get("/healthz")).status_code == 200


async def test_a_large_head_within_the_bound_is_no_matter(served: Api) -> None:
    answer = await served.client.get("/healthz", headers={"x-long": "a" * 30_000})
    assert answer.status_code == 200


async def test_many_small_chunks_are_no_endless_head(served: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.client.base_url.port)
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\napi-key: {served.key}\r\nTransfer-Encoding: chunked\r\n"
    writer.write(f"{head}Content-Type: multipart/form-data; boundary=frontier\r\n\r\n".encode())
    writer.write(b"1\r\nx\r\n" * 60_000 + b"0\r\n\r\n")
    async with asyncio.timeout(10):
        assert b" 400 " in await reader.readline()
    writer.close()
