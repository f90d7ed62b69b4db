"""The stores that the contract is held against. A new one is a class here and a param in conftest.py."""

from pathlib import Path
from typing import Protocol

from tests.real.s3_server import S3Server

from rockseg_core.adapters.local import LocalData
from rockseg_core.adapters.s3 import WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.ports.store import ObjectStore
from rockseg_core.testing import FakeClock, MemoryStore


class StorePart(Protocol):
    store: ObjectStore

    async def reopen(self) -> None:
        """As a restart does; only where objects outlive the process."""

    async def close(self) -> None: ...


class MemoryStorePart:
    def __init__(self, _folder: Path) -> None:
        self.store = MemoryStore()

    async def reopen(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        pass


class LocalStorePart:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = LocalData.open(folder, clock=FakeClock())
        self.store: ObjectStore = self._data.store

    async def reopen(self) -> None:
        await self._data.close()
        self._data = LocalData.open(self._folder, clock=FakeClock())
        self.store = self._data.store

    async def close(self) -> None:
        await self._data.close()


class S3StorePart:
    def __init__(self, server: S3Server, bucket: str) -> None:
        self._settings = s3_settings(server.environ(bucket))
        self._store = S3Store(self._settings, WORKER_PROFILE)
        self.store: ObjectStore = self._store

    async def reopen(self) -> None:
        await self._store.close()
        self.store = self._store = S3Store(self._settings, WORKER_PROFILE)

    async def close(self) -> None:
        await self._store.close()
