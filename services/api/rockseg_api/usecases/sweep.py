import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from rockseg_api.usecases.removal import remove_objects
from rockseg_api.view.job_view import JobView
from rockseg_api.view.reading import FORGET_SECONDS
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import StoreUnavailableError, TransientError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.store import ObjectStore

JOBS_AT_ONCE: Final = 8
REMOVAL_SECONDS: Final = 300.0
"""How long the removal of one job's objects may take."""

MARGIN_SECONDS: Final = 2 * REMOVAL_SECONDS
"""Before an id may come back no removal of its objects begins: one removal, and as much for clocks that differ."""

PUT_OFF_SECONDS: Final = 300.0
"""Until a job whose objects could not be deleted is tried again: those behind it come first."""

_NAME_BASED: Final = 5  # the version of a uuid5

_log = structlog.get_logger()


class ExpirySweep:
    """Deletes the objects of expired jobs, and what an interrupted erasure left; then drops rows that are forgotten.

    Every replica does it, and needs no agreement: to delete what is deleted is no error. Only the id that an
    Idempotency-Key names may come back, once its job is forgotten on every replica, and the same photo then lies under
    the same key as before. So the objects of such a job are deleted until shortly before that, and where a sweep comes
    later, after a long outage, they are left to the store's lifecycle rule, which goes by their age.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        view: JobView,
        clock: Clock,
        keys: ObjectKeys,
        removal_seconds: float = REMOVAL_SECONDS,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_failure` hears of each job whose objects could not be deleted, and of each pass that a bug ended."""
        self._store = store
        self._view = view
        self._clock = clock
        self._keys = keys
        self._removal_seconds = removal_seconds
        self._on_failure = on_failure

    async def run_for_ever(self, interval_seconds: float = 60.0) -> None:
        """One pass after another, until cancelled; whatever goes wrong in one only delays the next."""
        while True:
            try:
                await self.sweep()
            except TransientError as error:
                _log.warning("sweep_postponed", reason=error.code)
            except Exception:  # noqa: BLE001  # a sweep that ended would keep photos for ever, and nobody would see it
                self._on_failure()
                _log.exception("sweep_failed")
            await asyncio.sleep(interval_seconds)

    async def sweep(self) -> int:
        """One pass; returns how many jobs' objects were deleted.

        A job whose objects cannot be deleted is put off and holds up no other. Raises TransientError where nothing can
        be deleted now; what is done stays done.
        """
        # The view may lag behind by hours, and what it takes for expired be another job by now.
        if not await self._view.barrier():
            return 0
        swept = 0
        while due := self._view.due(JOBS_AT_ONCE):
            late = [job for job in due if self._too_late(job)]
            if late:
                _log.warning("objects_left_to_lifecycle_rule", jobs=len(late))
                self._view.settle(job.job_id for job in late)
            swept += await self._remove([job for job in due if job not in late])
        for _pruned in iter(self._view.prune, 0):
            await asyncio.sleep(0)  # requests are served in between
        return swept

    def _too_late(self, job: JobRecord) -> bool:
        comes_back_at = job.expires_at + FORGET_SECONDS
        return job.job_id.version == _NAME_BASED and self._clock.now() >= comes_back_at - MARGIN_SECONDS

    async def _remove(self, jobs: Sequence[JobRecord]) -> int:
        outcomes = await asyncio.gather(*map(self._remove_one, jobs), return_exceptions=True)
        failed = [(job, error) for job, error in zip(jobs, outcomes, strict=True) if error is not None]
        for job, error in failed:
            self._on_failure()
            _log.error("job_not_swept", job_id=str(job.job_id), error=type(error).__qualname__)
        kept = {job.job_id for job, _ in failed}
        self._view.postpone(kept, PUT_OFF_SECONDS)
        self._view.settle(job.job_id for job in jobs if job.job_id not in kept)
        if failed and len(failed) == len(jobs) and all(isinstance(error, TransientError) for _, error in failed):
            raise StoreUnavailableError
        return len(jobs) - len(failed)

    async def _remove_one(self, job: JobRecord) -> None:
        try:
            async with asyncio.timeout(self._removal_seconds):
                await remove_objects(self._store, self._keys, job)
        except TimeoutError as error:
            raise StoreUnavailableError from error
