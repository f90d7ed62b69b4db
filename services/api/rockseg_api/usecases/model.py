import hashlib

import msgspec

from rockseg_api.errors import ModelUnknownError
from rockseg_core.codec.bundle import decode_manifest, decode_ref
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import BundleError, ObjectMissingError, StoreUnavailableError
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.manifest import Manifest
from rockseg_core.ports.store import ObjectStore


class CurrentModel:
    """The model in use, as a worker named it in the store; the API has no bundle of its own (design §8)."""

    def __init__(self, *, store: ObjectStore, keys: ObjectKeys, clock: Clock, cache_seconds: float = 10.0) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._cache_seconds = cache_seconds
        self._known: tuple[ModelRef, Manifest] | None = None
        self._read_at = float("-inf")

    async def manifest(self) -> Manifest:
        """Raises ModelUnknownError before any worker has named one, and StoreUnavailableError."""
        return (await self._current())[1]

    async def ref(self) -> ModelRef:
        """Raises as `manifest` does."""
        return (await self._current())[0]

    async def _current(self) -> tuple[ModelRef, Manifest]:
        now = self._clock.now()
        if self._known is not None and now < self._read_at + self._cache_seconds:
            return self._known
        try:
            self._known = await self._read()
        except (ModelUnknownError, StoreUnavailableError):
            if self._known is None:
                raise
            # The last answer serves for another while: models change seldom, stores fail now and then.
        self._read_at = now
        return self._known

    async def _read(self) -> tuple[ModelRef, Manifest]:
        try:
            ref = decode_ref(await self._store.get(self._keys.current_model()))
            body = await self._store.get(self._keys.manifest(ref.name, ref.version))
            manifest = decode_manifest(body)
        except ObjectMissingError as error:
            raise ModelUnknownError("No worker has said yet which model it runs; try again shortly.") from error
        except (msgspec.DecodeError, BundleError) as error:  # a newer release's, say, met after a rollback
            raise ModelUnknownError("What a worker says of its model cannot be read here.") from error
        if hashlib.sha256(body).hexdigest() != ref.digest:
            raise ModelUnknownError("The model is being replaced; try again shortly.")
        return ref, manifest
