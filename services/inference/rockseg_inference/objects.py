"""The objects of one job in the store: its photo, and what the worker writes beside it (design §8)."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Final, NamedTuple

from rockseg_core.domain.errors import ObjectMissingError, PhotoGoneError, StoreUnavailableError
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.store import ObjectStore
from rockseg_inference.patience import Patience

GAINSAYS: Final = "The object store lists an object that it does not find."
PHOTO_SECONDS: Final = 15.0  # that a job holds its place, and holds up others, for a photo that cannot be read


class ResultKeys(NamedTuple):
    """The very objects that a `finished` names."""

    mask: str
    confidence: str
    report: str


@dataclass(frozen=True)
class Results:
    """What one photo came to, as bytes with their sha256 in hex: mask and confidence PNG, report JSON."""

    mask: bytes
    confidence: bytes
    report: bytes
    mask_sha256: str
    confidence_sha256: str
    report_sha256: str

    @classmethod
    def of(cls, mask: bytes, confidence: bytes, report: bytes) -> "Results":
        digests = (hashlib.sha256(body).hexdigest() for body in (mask, confidence, report))
        return cls(mask, confidence, report, *digests)


class JobObjects:
    """Reads and writes a job's objects; waits out a store that is away until the job expires."""

    def __init__(self, store: ObjectStore, keys: ObjectKeys, patience: Patience) -> None:
        self._store, self._keys, self._patience = store, keys, patience

    async def photo(
        self, request: JobRequest, try_once: Callable[[Callable[[], Awaitable[bytes]]], Awaitable[bytes]]
    ) -> bytes:
        """The photo, by as many calls of `try_once` as it takes. Raises PhotoGoneError, and TiredError in the end."""

        async def get() -> bytes:
            try:
                return await self._store.get(request.photo_key)
            except ObjectMissingError as error:
                if await self._store.exists(request.photo_key):
                    raise StoreUnavailableError(GAINSAYS) from error
                raise PhotoGoneError from error

        with self._patience.limited(PHOTO_SECONDS):
            return await self._patience("fetch", lambda: try_once(get), until=request.expires_at)

    async def look(self, request: JobRequest) -> None:
        """Raises PhotoGoneError when the photo is no longer there: the only sign of erasure; TiredError in the end."""
        with self._patience.limited(PHOTO_SECONDS):
            there = await self._patience(
                "look", lambda: self._store.exists(request.photo_key), until=request.expires_at
            )
        if not there:
            raise PhotoGoneError

    async def put(self, request: JobRequest, results: Results) -> ResultKeys:
        """Write all three at once, durably. Raises PhotoGoneError when the photo is gone after the last of them.

        One look after all of the puts sees what a look after each would: whoever erases deletes the photo first and
        lists the job's objects after, so either we see the photo gone, or they see what we wrote.
        """
        tenant, job = request.tenant, request.job_id
        keys = ResultKeys(
            mask=self._keys.mask(tenant, job, results.mask_sha256),
            confidence=self._keys.confidence(tenant, job, results.confidence_sha256),
            report=self._keys.report(tenant, job, results.report_sha256),
        )
        await _all(
            self._put(request, keys.mask, results.mask, "image/png"),
            self._put(request, keys.confidence, results.confidence, "image/png"),
            self._put(request, keys.report, results.report, "application/json"),
        )
        await self.look(request)
        return keys

    async def forget(self, request: JobRequest) -> None:
        """As `sweep`, of a job whose photo was found gone.

        Raises TiredError where the store lists it all the same: it may be there again, and the job be run.
        """

        async def sweep_all() -> None:
            if request.photo_key in await self._sweep(request):
                raise StoreUnavailableError(GAINSAYS)

        with self._patience.limited(PHOTO_SECONDS):
            await self._patience("sweep", sweep_all, until=request.expires_at)

    async def sweep(self, request: JobRequest) -> None:
        """Where no photo is left, delete whatever any attempt wrote under the job's prefix.

        Nothing goes while a photo stands there, be it another: two requests with one Idempotency-Key share a prefix,
        and what we wrote may be the result of the one that lives, for two files of one picture have one mask.
        """
        await self._patience("sweep", lambda: self._sweep(request), until=request.expires_at)

    async def _sweep(self, request: JobRequest) -> list[str]:
        """Gives the keys that were listed."""
        prefix = self._keys.job(request.tenant, request.job_id)
        found = [key async for key in self._store.keys(prefix)]
        if not any(key.startswith(f"{prefix}photo-") for key in found):
            await asyncio.gather(*(self._store.delete(key) for key in found))
        return found

    async def _put(self, request: JobRequest, key: str, body: bytes, content_type: str) -> None:
        await self._patience("put", lambda: self._store.put(key, body, content_type), until=request.expires_at)


async def _all(*puts: Coroutine[None, None, None]) -> None:
    """Wait for every put, also when one fails, so that none lands after its job has ended; then raise what failed."""
    for outcome in await asyncio.gather(*puts, return_exceptions=True):
        if outcome is not None:
            raise outcome
