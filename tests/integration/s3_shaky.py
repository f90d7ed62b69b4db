"""A store behind a proxy that breaks what passes, and a profile quick enough for a test."""

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


def s3_threads() -> int:
    return sum(thread.name.startswith("rockseg-s3") for thread in threading.enumerate())


class Stopwatch:
    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
