import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import structlog

from rockseg_api.errors import (
    IdempotencyKeyReusedError,
    IdempotencyKeySpentError,
    JobGoneError,
    JobUnknownError,
    ViewNotReadyError,
)
from rockseg_api.usecases.admission import Admission
from rockseg_api.usecases.turns import Turns
from rockseg_api.view.job_view import JobView
from rockseg_api.view.reading import Reading
from rockseg_core.codec.digest import request_digest
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import LogUnavailableError, StoreUnavailableError
from rockseg_core.domain.job import JobOptions, JobStatus, Tenant, idempotent_job_id
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.records import JobRequest
from rockseg_core.imaging.inspect import PhotoInfo, inspect_photo
from rockseg_core.ports.log import JobLog
from rockseg_core.ports.store import ObjectStore

INLINE_BYTES: Final = 128 * 1024
"""Up to here a look at the photo takes less than the hop to a thread that would keep it off the event loop."""

ANSWER_SECONDS: Final = 4.8
"""A client has its answer 5 s after the photo's last byte. Store and log have time-outs of their own, which add up."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Accepted:
    """A job that will be run, or that an Idempotency-Key found; `status` as of now."""

    job_id: UUID
    status: JobStatus


@dataclass(frozen=True)
class _Photo:
    body: bytes
    info: PhotoInfo
    sha256: str


class SubmitJob:
    """Takes a photo in; once it answers, the job is durable (design §4.1)."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        log: JobLog,
        view: JobView,
        clock: Clock,
        keys: ObjectKeys,
        lifetime_seconds: float,
        max_pixels: int,
        admission: Admission,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._store = store
        self._log = log
        self._view = view
        self._clock = clock
        self._keys = keys
        self._lifetime_seconds = lifetime_seconds
        self._max_pixels = max_pixels
        self._admission = admission
        self._answer_seconds = answer_seconds
        self._turns = Turns()

    async def __call__(
        self,
        tenant: Tenant,
        photo: bytes,
        options: JobOptions,
        idempotency_key: str | None = None,
        *,
        admitted: bool = False,
    ) -> Accepted:
        """Photo into the store, then the request into the log, then the answer.

        `admitted`: admission was asked before the upload, for a request without a key.

        Raises PhotoRefusedError; TooManyUnfinishedError and QueueTooLongError, with nothing stored; LogUnavailableError
        and StoreUnavailableError, after which nothing is deleted: the request may have landed all the same. With a key
        also IdempotencyKeyReusedError, IdempotencyKeySpentError and ViewNotReadyError.
        """
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await self._submit(tenant, photo, options, idempotency_key, admitted=admitted)
        except TimeoutError as error:
            raise LogUnavailableError(
                "The job was not accepted in time, and may run all the same; try again."
            ) from error

    async def _submit(
        self, tenant: Tenant, photo: bytes, options: JobOptions, idempotency_key: str | None, *, admitted: bool
    ) -> Accepted:
        if len(photo) <= INLINE_BYTES:
            seen = self._look_at(photo)
        else:
            seen = await asyncio.to_thread(self._look_at, photo)
        if idempotency_key is None:
            if not admitted:
                self._admission(tenant)
            job_id = uuid4()
            await self._publish(tenant, job_id, seen, options)
            return Accepted(job_id, JobStatus.QUEUED)
        job_id = idempotent_job_id(tenant, idempotency_key)
        async with self._turns.of(job_id):  # a twin at this replica waits, and then meets the job
            return await self._submit_once(tenant, job_id, seen, options)

    async def _submit_once(self, tenant: Tenant, job_id: UUID, photo: _Photo, options: JobOptions) -> Accepted:
        digest = request_digest(photo.sha256, options)
        try:
            return _same(_fresh(await self._view.get(tenant, job_id)), digest)
        except JobGoneError as error:
            raise _spent() from error
        except JobUnknownError:
            pass
        self._admission(tenant)  # what met a job of its own is not asked: it adds none
        photo_key = await self._publish(tenant, job_id, photo, options)
        # A twin at another replica may have been first; the log has decided, and the view has read it.
        try:
            reading = _fresh(await self._view.get(tenant, job_id))
        except JobGoneError as error:
            await self._take_back(photo_key)
            raise _spent() from error
        except JobUnknownError as error:  # published and yet not in the log: let the client try again
            raise ViewNotReadyError("The job is not in the list yet; try again shortly.") from error
        if reading.job.photo_key != photo_key:
            await self._take_back(photo_key)
        return _same(reading, digest)

    async def _publish(self, tenant: Tenant, job_id: UUID, photo: _Photo, options: JobOptions) -> str:
        """Returns the photo's key."""
        photo_key = self._keys.photo(tenant, job_id, photo.sha256, photo.info.extension)
        await self._store.put(photo_key, photo.body, photo.info.content_type)
        accepted_at = self._clock.now()
        await self._log.publish_request(
            JobRequest(
                job_id=job_id,
                tenant=tenant,
                photo_key=photo_key,
                photo_sha256=photo.sha256,
                digest=request_digest(photo.sha256, options),
                options=options,
                accepted_at=accepted_at,
                expires_at=accepted_at + self._lifetime_seconds,
            )
        )
        return photo_key

    async def _take_back(self, photo_key: str) -> None:
        """Nothing will read this photo. If the store cannot delete it now, the lifecycle rule does later."""
        try:
            await self._store.delete(photo_key)
        except StoreUnavailableError:
            _log.warning("photo_left_behind", key=photo_key)

    def _look_at(self, photo: bytes) -> _Photo:
        return _Photo(photo, inspect_photo(photo, max_pixels=self._max_pixels), hashlib.sha256(photo).hexdigest())


def _fresh(reading: Reading) -> Reading:
    """A key is answered by what the log holds (design §5): an old view may not know that the job was erased."""
    if reading.stale:
        raise ViewNotReadyError("The log of jobs cannot be reached; try again shortly, with the same key.")
    return reading


def _same(reading: Reading, digest: str) -> Accepted:
    if reading.job.digest != digest:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key belongs to another photo or other options; choose a new key."
        )
    return Accepted(reading.job.job_id, reading.job.status)


def _spent() -> IdempotencyKeySpentError:
    return IdempotencyKeySpentError("The job of this Idempotency-Key was erased or has expired; choose a new key.")
