import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from typing_extensions import override

from rockseg_core.adapters.local.durable import sync_folder, write_file
from rockseg_core.adapters.local.folders import Folders
from rockseg_core.domain.errors import ObjectMissingError, StoreUnavailableError
from rockseg_core.domain.object_key import key_parts, listed
from rockseg_core.ports.store import ObjectStore

INCOMING: Final = "~incoming"  # no key has a ~, so no object can be taken for it
PUTS_AT_ONCE: Final = 4  # an fsync waits for the disk, not for a core
PLACE_TRIES: Final = 10
UNAVAILABLE: Final = "the data folder did not take or give an object"


P = ParamSpec("P")
T = TypeVar("T")


class LocalStore(ObjectStore):
    """Objects as files below a folder; a key's parts are folders. The content type is not kept."""

    def __init__(self, root: Path) -> None:
        """`root` exists. What an earlier process left half written is removed."""
        self._root = root
        self._incoming = root / INCOMING
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir(mode=0o700, exist_ok=True)
        self._folders = Folders(root)
        self._pool = ThreadPoolExecutor(PUTS_AT_ONCE, thread_name_prefix="rockseg-store")

    @override
    async def put(self, key: str, body: bytes, content_type: str) -> None:
        path = self._path(key)
        await self._in_thread(self._put, path, body)

    @override
    async def get(self, key: str) -> bytes:
        path = self._path(key)
        return await self._in_thread(self._read, path)

    @override
    async def exists(self, key: str) -> bool:
        # A stat of a local file takes microseconds, and a hop to a thread fifty: so it is made here.
        try:
            return self._path(key).is_file() or self._missing()
        except OSError as error:
            raise StoreUnavailableError(UNAVAILABLE) from error

    @override
    async def delete(self, key: str) -> None:
        path = self._root / listed(key)
        await self._in_thread(self._delete, path)

    @override
    async def keys(self, prefix: str) -> AsyncIterator[str]:
        for key in await self._in_thread(self._list, prefix):
            yield key

    def expire(self, prefix: str, before: float) -> int:
        """Delete what begins with `prefix` and was written before an epoch time; how many. Blocks: for a thread.

        What a bucket's lifecycle rule does. Raises OSError.
        """
        expired = [key for key in self._list(prefix) if _written_before(self._root / key, before)]
        for key in expired:
            self._delete(self._root / key)
        return len(expired)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*key_parts(key))

    async def _in_thread(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *arguments, **named))
        except (OSError, RuntimeError) as error:  # RuntimeError: the pool is closed
            raise StoreUnavailableError(UNAVAILABLE) from error

    def _put(self, path: Path, body: bytes) -> None:
        temporary = self._incoming / secrets.token_hex(16)
        try:
            write_file(temporary, body)
            self._place(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        with suppress(FileNotFoundError):  # deleted already, and its folder with it
            sync_folder(path.parent)
        self._folders.make_durable(path.parent)

    def _place(self, temporary: Path, path: Path) -> None:
        for _ in range(PLACE_TRIES):
            self._folders.make(path.parent)
            with suppress(FileNotFoundError):  # a delete took the folder, empty, between the two steps
                temporary.replace(path)
                return
            self._folders.forget(path.parent)
        raise FileNotFoundError(path)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            self._missing()
            return
        with suppress(FileNotFoundError):
            sync_folder(self._folders.remove_empty(path.parent))

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._missing()
            raise ObjectMissingError from None

    def _missing(self) -> bool:
        """False, said of an object; raises FileNotFoundError where the whole store is gone, such as an unmounted disk.

        Its own folder tells: an erased job and a lost disk must not look alike.
        """
        self._incoming.stat()
        return False

    def _list(self, prefix: str) -> list[str]:
        folder = prefix.rpartition("/")[0]
        top = self._path(folder) if folder else self._root
        self._missing()
        found = []
        for place, folders, files in os.walk(top, onerror=_raise_unless_missing):
            folders[:] = [name for name in folders if name != INCOMING]
            found += [Path(place, name).relative_to(self._root).as_posix() for name in files]
        return [key for key in found if key.startswith(prefix)]


def _written_before(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
