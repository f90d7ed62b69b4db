import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from rockseg_api.usecases.removal import remove_objects
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.errors import TransientError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.store import ObjectStore

JOBS_AT_ONCE: Final = 8

_log = structlog.get_logger()


class ExpirySweep:
    """Deletes the objects of expired jobs, and what an interrupted erasure left; then drops rows that are forgotten.

    Every replica does it, and needs no agreement: to delete what is deleted is no error.
    """

    def __init__(self, *, store: ObjectStore, view: JobView, keys: ObjectKeys) -> None:
        self._store = store
        self._view = view
        self._keys = keys

    async def run_for_ever(self, interval_seconds: float = 60.0) -> None:
        """One pass after another, until cancelled; an absent store or log only delays the next."""
        while True:
            try:
                await self.sweep()
            except TransientError as error:
                _log.warning("sweep_postponed", reason=error.code)
            await asyncio.sleep(interval_seconds)

    async def sweep(self) -> int:
        """One pass; returns how many jobs' objects were deleted. Raises TransientError; what is done stays done."""
        # An Idempotency-Key may be used anew an hour after its job expired: without the barrier, the row seen here
        # could be the old job's and the objects the new one's.
        if not await self._view.barrier():
            return 0
        swept = 0
        while due := self._view.due(JOBS_AT_ONCE):
            await self._remove(due)
            swept += len(due)
        for _pruned in iter(self._view.prune, 0):
            await asyncio.sleep(0)  # requests are served in between
        return swept

    async def _remove(self, due: Sequence[JobRecord]) -> None:
        await asyncio.gather(*(remove_objects(self._store, self._keys, job) for job in due))
        self._view.settle(job.job_id for job in due)
