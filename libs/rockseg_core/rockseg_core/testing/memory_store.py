import asyncio
from collections.abc import AsyncIterator

from typing_extensions import override

from rockseg_core.domain.errors import ObjectMissingError, StoreUnavailableError
from rockseg_core.domain.object_key import key_parts, listed
from rockseg_core.ports.store import ObjectStore
from rockseg_core.testing.faults import Faults


class MemoryStore(ObjectStore):
    """Objects in a dict (`objects`, `content_types`). Set `unavailable`, or call `fail_next`, to have it raise."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self._faults = Faults(StoreUnavailableError)

    @property
    def unavailable(self) -> bool:
        return self._faults.unavailable

    @unavailable.setter
    def unavailable(self, value: bool) -> None:
        self._faults.unavailable = value

    def fail_next(self, calls: int = 1) -> None:
        """The next `calls` calls raise StoreUnavailableError and do nothing."""
        self._faults.fail_next(calls)

    @override
    async def put(self, key: str, body: bytes, content_type: str) -> None:
        key_parts(key)
        await self._turn()
        self.objects[key] = bytes(body)
        self.content_types[key] = content_type

    @override
    async def get(self, key: str) -> bytes:
        key_parts(key)
        await self._turn()
        try:
            return self.objects[key]
        except KeyError:
            raise ObjectMissingError from None

    @override
    async def exists(self, key: str) -> bool:
        key_parts(key)
        await self._turn()
        return key in self.objects

    @override
    async def delete(self, key: str) -> None:
        listed(key)
        await self._turn()
        self.objects.pop(key, None)
        self.content_types.pop(key, None)

    @override
    async def keys(self, prefix: str) -> AsyncIterator[str]:
        await self._turn()
        for key in [key for key in self.objects if key.startswith(prefix)]:
            yield key

    async def _turn(self) -> None:
        """A real store gives others a turn in every call; so does this one, and races show in tests."""
        await asyncio.sleep(0)
        self._faults.check()
