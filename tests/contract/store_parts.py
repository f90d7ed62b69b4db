"""The stores that the contract is held against. A new one (S3) is a class here and a param in conftest.py."""

from pathlib import Path
from typing import Protocol

from rockseg_core.adapters.local import LocalData
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
