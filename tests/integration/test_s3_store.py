"""What S3 has and the other stores have not: pages, content types, keys from elsewhere, tries."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from tests.real.s3_server import S3Server
from typing_extensions import override

from rockseg_core.adapters.s3 import API_PROFILE, WORKER_PROFILE, Profile, S3Store, s3_settings
from rockseg_core.adapters.s3 import store as adapter
from rockseg_core.domain.errors import StoreUnavailableError

PNG = "image/png"


@asynccontextmanager
async def opened(environ: dict[str, str], profile: Profile = API_PROFILE) -> AsyncIterator[S3Store]:
    store = S3Store(s3_settings(environ), profile)
    try:
        yield store
    finally:
        await store.close()


@pytest.mark.parametrize("count", [0, 2, 3, 6, 7])
async def test_keys_come_page_by_page_and_each_once(
    s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(adapter, "PAGE_KEYS", 3)
    async with opened(s3_server.environ(s3_bucket)) as store:
        for number in range(count):
            await store.put(f"jobs/{number}", b"x", PNG)
        assert [key async for key in store.keys("jobs/")] == [f"jobs/{number}" for number in range(count)]


async def test_what_is_deleted_while_it_is_listed_stops_no_listing(
    s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE_KEYS", 3)
    async with opened(s3_server.environ(s3_bucket)) as store:
        for number in range(8):
            await store.put(f"jobs/{number}", b"x", PNG)
        async for key in store.keys("jobs/"):
            await store.delete(key)
        assert [key async for key in store.keys("jobs/")] == []


async def test_whatever_is_listed_can_be_deleted(s3_server: S3Server, s3_bucket: str) -> None:
    """Consoles leave folder markers, and people files of names that rockseg never gives."""
    for key in ("jobs/a/1/", "jobs/a/1/a b (copy).png", "jobs/a/1/ä?#%2E.png", "jobs/a/1/~", "jobs/a/1/photo-0.png"):
        s3_server.client().put_object(s3_bucket, key, io.BytesIO(b"x"), 1)
    async with opened(s3_server.environ(s3_bucket)) as store:
        found = [key async for key in store.keys("jobs/a/1/")]
        assert len(found) == 5
        for key in found:
            await store.delete(key)
        assert [key async for key in store.keys("")] == []


async def test_the_content_type_is_kept_and_an_object_of_many_megabytes_is_one_part(
    s3_server: S3Server, s3_bucket: str
) -> None:
    async with opened(s3_server.environ(s3_bucket)) as store:
        await store.put("jobs/a", bytes(20 << 20), "image/tiff")
    found = s3_server.client().stat_object(s3_bucket, "jobs/a")
    assert (found.content_type, found.size) == ("image/tiff", 20 << 20)
    assert found.etag is not None
    assert "-" not in found.etag  # of an upload in parts it ends in their number


async def test_a_worker_tries_again_what_a_connection_lost(s3_server: S3Server, s3_bucket: str) -> None:
    """The first two connections end before they have said a word; a client of the API would have had its 503."""
    host, _, port = s3_server.address.rpartition(":")
    met = 0

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        if met > 2:
            there = await asyncio.open_connection(host, int(port))
            await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
        writer.close()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    door = await asyncio.start_server(meet, "127.0.0.1", 0)
    address = f"127.0.0.1:{door.sockets[0].getsockname()[1]}"
    environ = s3_server.through(address).environ(s3_bucket)
    async with opened(environ, replace(WORKER_PROFILE, total_seconds=20.0)) as worker:
        await worker.put("jobs/a", b"x", PNG)
    assert met == 3
    met = 0
    async with opened(environ) as api:
        with pytest.raises(StoreUnavailableError):
            await api.put("jobs/a", b"x", PNG)
    assert met == 1
    door.close()


class Identity(ThreadingHTTPServer):
    """Gives keys as a container's metadata service does; `expires` is when they do."""

    def __init__(self, server: S3Server) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.keys = {"AccessKeyId": server.access_key, "SecretAccessKey": server.secret_key, "Token": ""}
        self.expires = "2100-01-01T00:00:00Z"
        self.asked = 0


class Asked(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Identity)
        self.server.asked += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(msgspec.json.encode(self.server.keys | {"Expiration": self.server.expires}))

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def identity(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Identity]:
    with Identity(s3_server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/keys")
        yield server
        server.shutdown()


def environ_with_iam(server: S3Server, bucket: str) -> dict[str, str]:
    environ = {name: value for name, value in server.environ(bucket).items() if not name.endswith("_KEY")}
    return environ | {"ROCKSEG_S3_IAM": "true"}


async def test_keys_by_iam_are_asked_for_once_and_again_when_they_expire(
    s3_server: S3Server, s3_bucket: str, identity: Identity
) -> None:
    async with opened(environ_with_iam(s3_server, s3_bucket)) as store:
        for number in range(3):
            await store.put(f"jobs/{number}", b"x", PNG)
        assert identity.asked == 1
    identity.expires = "2001-01-01T00:00:00Z"
    async with opened(environ_with_iam(s3_server, s3_bucket)) as store:
        for number in range(3):
            await store.put(f"jobs/{number}", b"x", PNG)
        assert identity.asked == 4


async def test_an_identity_service_that_talks_nonsense_is_an_outage(
    s3_server: S3Server, s3_bucket: str, identity: Identity
) -> None:
    identity.keys = {"Code": "Success"}
    async with opened(environ_with_iam(s3_server, s3_bucket)) as store:
        with pytest.raises(StoreUnavailableError):
            await store.put("jobs/a", b"x", PNG)
