"""A store behind a proxy that breaks what passes, and a profile quick enough for a test."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tests.real.s3_server import S3Server
from tests.real.toxiproxy import Proxy

from rockseg_core.adapters.s3 import API_PROFILE, Profile, S3Store, s3_settings

QUICK = replace(API_PROFILE, stall_seconds=0.6, total_seconds=2.0, slot_seconds=0.2)
MEGABYTE = bytes(1 << 20)
PNG = "image/png"


@dataclass
class Shaky:
    """`store` goes through `proxy`; `steady` is the way around it. `faults` has a word for each call that failed."""

    store: S3Store
    steady: S3Store
    proxy: Proxy
    faults: list[str]


@asynccontextmanager
async def shaky_store(
    server: S3Server, bucket: str, proxy: Proxy, profile: Profile = QUICK, **variables: str
) -> AsyncIterator[Shaky]:
    faults: list[str] = []
    settings = s3_settings(server.through(proxy.address).environ(bucket) | variables)
    store = S3Store(settings, profile, on_fault=faults.append)
    steady = S3Store(s3_settings(server.environ(bucket)), API_PROFILE)
    try:
        yield Shaky(store, steady, proxy, faults)
    finally:
        await store.close()
        await steady.close()


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\n"  # of a HEAD: no body
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"
DENIED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(_DENIED) + _DENIED
)


@asynccontextmanager
async def denying(server: S3Server, method: str, answer: bytes, times: int = 1) -> AsyncIterator[str]:
    """The address of a way to `server` on which the first requests of `method` get `answer`, whatever is there."""
    left = times
    host, _, port = server.address.rpartition(":")

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(host, int(port))
        await asyncio.gather(ask(reader, there[1], writer), reply(there[0], writer))

    async def ask(reader: asyncio.StreamReader, there: asyncio.StreamWriter, here: asyncio.StreamWriter) -> None:
        nonlocal left
        while data := await reader.read(65536):
            if left and data.startswith(f"{method} ".encode()):
                left -= 1
                await swallow(data, reader)
                here.write(answer)
            else:
                there.write(data)
        there.close()

    async def swallow(data: bytes, reader: asyncio.StreamReader) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
        while length and len(body) < int(length[1]) and (more := await reader.read(65536)):
            body += more

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    door = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{door.sockets[0].getsockname()[1]}"
    finally:
        door.close()


def s3_threads() -> int:
    return sum(thread.name.startswith("rockseg-s3") for thread in threading.enumerate())


class Stopwatch:
    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
