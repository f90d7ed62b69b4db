from uuid import UUID

from rockseg_api.errors import ViewNotReadyError
from rockseg_api.usecases.removal import remove_objects
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.fold import event_of
from rockseg_core.domain.job import JobStatus, Tenant
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.log import JobLog
from rockseg_core.ports.store import ObjectStore


class EraseJob:
    """Cancels what waits or runs, and erases (design §8)."""

    def __init__(self, *, store: ObjectStore, log: JobLog, view: JobView, clock: Clock, keys: ObjectKeys) -> None:
        self._store = store
        self._log = log
        self._view = view
        self._clock = clock
        self._keys = keys

    async def __call__(self, tenant: Tenant, job_id: UUID) -> None:
        """When it returns, every replica says "gone" and the objects are deleted.

        Raises JobUnknownError, JobGoneError for an erased or expired job, ViewNotReadyError, LogUnavailableError, and
        StoreUnavailableError: the job is erased then, and the sweep deletes what is left.
        """
        reading = await self._view.get(tenant, job_id)
        if reading.stale:
            raise ViewNotReadyError("The log of jobs cannot be reached; try again shortly.")
        await self._log.publish_event(event_of(reading.job, JobStatus.ERASED, self._clock.now()))
        # Read it back: from here on this replica starts no render of it. Should the log be lost at this very moment,
        # the erasure stands in it all the same, and what is deleted below is rightly deleted.
        await self._view.barrier()
        await remove_objects(self._store, self._keys, reading.job)
