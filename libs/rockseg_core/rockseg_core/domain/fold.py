"""The job view's fold: pure, and indifferent to repeats and to the order between the two topics (design §5)."""

from typing import Final
from uuid import UUID

import msgspec

from rockseg_core.domain.job import JobError, JobOptions, JobStatus, ModelRef, RequestPosition, Tenant
from rockseg_core.domain.records import JobEvent, JobRequest

RANK: Final = {JobStatus.QUEUED: 0, JobStatus.STARTED: 1}


class JobRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One job as the log tells it: the row of a job view. Times: epoch seconds."""

    job_id: UUID
    tenant: Tenant
    status: JobStatus
    request: RequestPosition
    attempt: int
    accepted_at: float
    expires_at: float
    started_at: float | None
    finished_at: float | None
    photo_key: str
    photo_sha256: str
    digest: str
    options: JobOptions
    error: JobError | None
    mask_key: str | None
    confidence_key: str | None
    report_key: str | None
    model: ModelRef | None


def queued(request: JobRequest, position: RequestPosition) -> JobRecord:
    """The row that a request alone amounts to."""
    return JobRecord(
        job_id=request.job_id,
        tenant=request.tenant,
        status=JobStatus.QUEUED,
        request=position,
        attempt=0,
        accepted_at=request.accepted_at,
        expires_at=request.expires_at,
        started_at=None,
        finished_at=None,
        photo_key=request.photo_key,
        photo_sha256=request.photo_sha256,
        digest=request.digest,
        options=request.options,
        error=None,
        mask_key=None,
        confidence_key=None,
        report_key=None,
        model=None,
    )


def after(event: JobEvent) -> JobRecord:
    """The row that an event alone amounts to."""
    return JobRecord(
        job_id=event.job_id,
        tenant=event.tenant,
        status=event.kind,
        request=event.request_position,
        attempt=event.attempt,
        accepted_at=event.accepted_at,
        expires_at=event.expires_at,
        started_at=event.at if event.kind is JobStatus.STARTED else event.started_at,
        finished_at=event.at if event.kind.terminal else None,
        photo_key=event.photo_key,
        photo_sha256=event.photo_sha256,
        digest=event.digest,
        options=event.options,
        error=event.error,
        mask_key=event.mask_key,
        confidence_key=event.confidence_key,
        report_key=event.report_key,
        model=event.model,
    )


def event_of(job: JobRecord, kind: JobStatus, at: float) -> JobEvent:
    """An event that answers the request which `job` stands on; used where a view, not a delivery, is the source."""
    if kind is JobStatus.QUEUED:
        raise ValueError(kind)
    return JobEvent(
        job_id=job.job_id,
        tenant=job.tenant,
        kind=kind,
        request_partition=job.request.partition,
        request_offset=job.request.offset,
        attempt=job.attempt,
        at=at,
        accepted_at=job.accepted_at,
        expires_at=job.expires_at,
        photo_key=job.photo_key,
        photo_sha256=job.photo_sha256,
        digest=job.digest,
        options=job.options,
        started_at=job.started_at,
    )


def supersedes(new: JobRecord, old: JobRecord) -> bool:
    """Whether `new` replaces `old`: erased is final, the first request counts, the first outcome stays."""
    if new.status is JobStatus.ERASED or old.status is JobStatus.ERASED:
        return old.status is not JobStatus.ERASED
    if new.request != old.request:
        return new.request < old.request
    if new.status.terminal or old.status.terminal:
        return not old.status.terminal
    return (new.attempt, RANK[new.status]) > (old.attempt, RANK[old.status])


def fold(old: JobRecord | None, new: JobRecord) -> JobRecord:
    """The job after one more record."""
    return new if old is None or supersedes(new, old) else old
