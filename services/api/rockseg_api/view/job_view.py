import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from rockseg_api.errors import JobGoneError, JobUnknownError, ViewNotReadyError
from rockseg_api.view.barrier import BARRIER_SECONDS, ReadBarrier
from rockseg_api.view.follower import Follower
from rockseg_api.view.progress import Progress
from rockseg_api.view.reading import FORGET_SECONDS, Reading, forgotten
from rockseg_api.view.table import CHUNK_RECORDS, ViewTable
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.job import JobStatus, Tenant
from rockseg_core.ports.feed import JobFeed

_log = structlog.get_logger()


@dataclass(frozen=True)
class Backlog:
    """Jobs that have not ended; `oldest_seconds` since the acceptance of the one that expires first, 0 where none."""

    queued: int
    started: int
    oldest_seconds: float


class JobView:
    """A replica's own table of jobs, a fold of the two topics; `get` is linearizable across replicas (design §4.3)."""

    def __init__(
        self,
        path: Path | str,
        feed: JobFeed,
        clock: Clock,
        lifetime_seconds: float,
        *,
        barrier_seconds: float = BARRIER_SECONDS,
    ) -> None:
        """`path` is a file of this replica's own, or `:memory:`; raises SettingsError where none can be made."""
        self._clock = clock
        self._table = ViewTable(path)
        self._progress = Progress()
        self._barrier = ReadBarrier(feed, self._progress, patience_seconds=barrier_seconds)
        self._follower = Follower(
            table=self._table, feed=feed, clock=clock, progress=self._progress, lifetime_seconds=lifetime_seconds
        )
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow the log. Returns at once, log or no log; `caught_up` waits for the first catch-up."""
        self._follow()

    async def caught_up(self) -> None:
        """Waits until the view has applied what the log held when it began to follow."""
        await self._follower.caught_up.wait()

    async def stop(self) -> None:
        """Let go of the log and the file. Harmless when called twice."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._barrier.stop()
        self._table.close()

    @property
    def ready(self) -> bool:
        """Whether it ever caught up; a later outage of the log does not take it back (design §6, readiness)."""
        return self._follower.caught_up.is_set()

    @property
    def whole(self) -> bool:
        """Whether it holds all that the log held at some moment since the start; not while it is read anew."""
        return self._follower.whole

    @property
    def following(self) -> bool:
        """False before the start, and if the follower ended, which only a bug can bring about."""
        return self._following is not None and not self._following.done()

    @property
    def log_reachable(self) -> bool:
        """Whether the log answered the last look-up and the follower reads it."""
        return self._barrier.answered and self._follower.connected

    @property
    def lag_records(self) -> int:
        """How many records the log was last seen to hold beyond those applied."""
        return self._progress.behind()

    @property
    def applied_records(self) -> int:
        """Records applied since the start, the undecodable ones among them."""
        return self._follower.applied

    @property
    def undecodable_records(self) -> int:
        """Records skipped since the start because they are none of ours."""
        return self._follower.undecodable

    @property
    def rebuilds(self) -> int:
        """How often the table was thrown away and read anew from the log since the start."""
        return self._follower.rebuilds

    @property
    def file_bytes(self) -> int:
        """What the view takes of its disk; what is dropped from it is used again, and not given back."""
        return self._table.file_bytes

    @property
    def catch_up_seconds(self) -> float:
        """How long the last catch-up with the log took, after the start or an outage; 0 before the first."""
        return self._follower.catch_up_seconds

    async def barrier(self) -> bool:
        """True once the view holds whatever was published before this call; False if that takes longer than 0.5 s."""
        return await self._barrier.passed()

    async def get(self, tenant: Tenant, job_id: UUID) -> Reading:
        """The job as it is now, or, when the log does not answer, as it was lately.

        Raises JobUnknownError for no job or another tenant's; JobGoneError for an erased or expired one, until an hour
        after `expires_at`; ViewNotReadyError where there may be one that a log out of reach knows of, and while the
        view is read anew: it would call a job queued that has long ended, or was erased.
        """
        fresh = await self.barrier()
        if not (fresh or self.whole):
            raise ViewNotReadyError("The list of jobs is being read; try again shortly.")
        now = self._clock.now()
        with self._file_at_risk():
            job = self._table.read(job_id)
        if job is None or job.tenant != tenant or forgotten(job, now):
            if fresh:
                raise JobUnknownError("There is no such job.")
            raise ViewNotReadyError("The log of jobs cannot be reached; try again shortly.")
        if job.status is JobStatus.ERASED:
            raise JobGoneError("This job was erased.")
        if now >= job.expires_at:
            raise JobGoneError("This job has expired.")
        return Reading(job, stale=not fresh)

    def unfinished(self, tenant: Tenant, most: int) -> int:
        """How many jobs of a tenant wait or run, as far as this view knows; counting stops at `most`."""
        with self._file_at_risk():
            return self._table.unfinished(tenant, self._clock.now(), most)

    def queue_seconds(self) -> float:
        """How long the oldest queued job of all tenants has waited; 0 where none waits."""
        now = self._clock.now()
        with self._file_at_risk():
            oldest = self._table.oldest_queued(now)
        return 0.0 if oldest is None else max(0.0, now - oldest.accepted_at)

    def backlog(self) -> Backlog:
        """Of all tenants, as far as this view knows. Raises ViewNotReadyError, also while the view is read anew."""
        if not self.whole:
            raise ViewNotReadyError("The list of jobs is being read; try again shortly.")
        now = self._clock.now()
        with self._file_at_risk():
            queued, started, oldest = self._table.backlog(now)
        return Backlog(queued, started, 0.0 if oldest is None else max(0.0, now - oldest.accepted_at))

    def due(self, limit: int) -> Sequence[JobRecord]:
        """Jobs whose objects should no longer be in the store, the longest due first."""
        with self._file_at_risk():
            return self._table.due(self._clock.now(), limit)

    def settle(self, job_ids: Iterable[UUID]) -> None:
        """Note that the objects of these jobs are deleted."""
        with self._file_at_risk():
            self._table.settle(job_ids, self._clock.now())

    def postpone(self, job_ids: Iterable[UUID], seconds: float) -> None:
        """Note that the objects of these jobs could not be deleted, and are not to be tried again before that."""
        now = self._clock.now()
        with self._file_at_risk():
            self._table.postpone(job_ids, now, now + seconds)

    def prune(self) -> int:
        """Drop rows that are forgotten anyway and whose objects are deleted, some at a time; returns how many."""
        with self._file_at_risk():
            return self._table.prune(self._clock.now() - FORGET_SECONDS, CHUNK_RECORDS)

    def _follow(self) -> None:
        self._following = asyncio.create_task(self._follower.run(), name="view-follower")
        self._following.add_done_callback(_tell_of_a_bug)

    @contextmanager
    def _file_at_risk(self) -> Iterator[None]:
        """A file that turns out to be damaged is made anew from the log, by a follower that starts over."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self._follower.recover(error) and self._following is not None:
                self._following.cancel()
                self._follow()
            raise ViewNotReadyError("The list of jobs cannot be read now; try again shortly.") from error


def _tell_of_a_bug(following: asyncio.Task[None]) -> None:
    if not following.cancelled() and following.exception() is not None:
        _log.critical("view_follower_ended", exc_info=following.exception())
