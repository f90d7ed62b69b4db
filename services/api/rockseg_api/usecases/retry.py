import mimetypes
from contextlib import suppress
from uuid import UUID, uuid5

from rockseg_api.errors import JobUnknownError, ViewNotReadyError
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import ObjectMissingError, PhotoGoneError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.log import JobLog
from rockseg_core.ports.store import ObjectStore


class RetryJob:
    """Runs what a worker gave up once more, as a new job: what was said of the old one stays said.

    The photo is copied, since the old job's objects go when it expires or is erased.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        log: JobLog,
        view: JobView,
        clock: Clock,
        keys: ObjectKeys,
        lifetime_seconds: float,
    ) -> None:
        """`view` has to reach back to when the oldest of what is retried was given up."""
        self._store = store
        self._log = log
        self._view = view
        self._clock = clock
        self._keys = keys
        self._lifetime_seconds = lifetime_seconds

    async def __call__(self, given_up: JobRequest, occasion: str) -> JobRecord | None:
        """The job that an earlier retry of the same `occasion` made, or None where this one has just made it.

        So a retry cut short may be sent again, and what was erased since never comes back.

        Raises PhotoGoneError; JobGoneError, where the retry's own job is over; StoreUnavailableError,
        LogUnavailableError and ViewNotReadyError, after which it may be sent again.
        """
        job_id = retried_id(given_up, occasion)
        with suppress(JobUnknownError):
            reading = await self._view.get(given_up.tenant, job_id)
            if reading.stale:
                raise ViewNotReadyError("The log of jobs cannot be reached; try again shortly.")
            return reading.job
        try:
            photo = await self._store.get(given_up.photo_key)
        except ObjectMissingError as error:
            raise PhotoGoneError("its photo is gone: the job has expired or was erased") from error
        extension = given_up.photo_key.rpartition(".")[2]
        photo_key = self._keys.photo(given_up.tenant, job_id, given_up.photo_sha256, extension)
        content_type = mimetypes.guess_type(photo_key)[0] or "application/octet-stream"
        await self._store.put(photo_key, photo, content_type)
        accepted_at = self._clock.now()
        await self._log.publish_request(
            JobRequest(
                job_id=job_id,
                tenant=given_up.tenant,
                photo_key=photo_key,
                photo_sha256=given_up.photo_sha256,
                digest=given_up.digest,
                options=given_up.options,
                accepted_at=accepted_at,
                expires_at=accepted_at + self._lifetime_seconds,
            )
        )
        return None


def retried_id(given_up: JobRequest, occasion: str) -> UUID:
    """The id of the job that a retry makes: always the same on one occasion."""
    return uuid5(given_up.job_id, occasion)
