"""What a view answers, and for how long: by the clock, never by whether a row is still there (design §4.6)."""

from dataclasses import dataclass
from typing import Final

from rockseg_core.domain.fold import JobRecord, fold
from rockseg_core.domain.job import JobStatus

FORGET_SECONDS: Final = 3600.0
"""How long beyond `expires_at` a job answers "gone"; after it, "unknown"."""

ERASED_DUE_SECONDS: Final = 60.0
"""The eraser deletes an erased job's objects at once; whoever still finds some a minute later deletes them too."""


@dataclass(frozen=True)
class Reading:
    """A job as the view has it; `stale` when the log could not be asked whether there is more."""

    job: JobRecord
    stale: bool


def forgotten(job: JobRecord, now: float) -> bool:
    return now >= job.expires_at + FORGET_SECONDS


def objects_due_at(job: JobRecord) -> float:
    """When the job's objects should no longer be in the store (epoch seconds)."""
    if job.status is JobStatus.ERASED and job.finished_at is not None:
        return min(job.finished_at + ERASED_DUE_SECONDS, job.expires_at)
    return job.expires_at


def merged(old: JobRecord | None, new: JobRecord) -> JobRecord:
    """The fold, for an id that may come back: an Idempotency-Key may be used anew once its job is forgotten.

    Judged by the records' own times, so that every replica comes to the same row whatever it replays.
    """
    if old is None or forgotten(old, new.accepted_at):
        return new
    if forgotten(new, old.accepted_at):
        return old
    return fold(old, new)
