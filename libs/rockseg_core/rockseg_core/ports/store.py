from collections.abc import AsyncIterator
from typing import Protocol


class ObjectStore(Protocol):
    """Objects by key, all or nothing: a reader never sees half of one. Every call raises StoreUnavailableError."""

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Durable when it returns; replaces what was there."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises ObjectMissingError."""
        ...

    async def exists(self, key: str) -> bool: ...

    async def delete(self, key: str) -> None:
        """Of any key that `keys` gave, whoever put it there. A missing object is no error."""
        ...

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins with `prefix`, in no set order."""
        ...
