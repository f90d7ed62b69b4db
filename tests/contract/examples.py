"""Records to publish, with what a test cares for set and the rest plausible."""

from uuid import UUID, uuid4

from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError, JobOptions, JobStatus, ModelRef, Tenant
from rockseg_core.domain.records import JobEvent, JobRequest

ACCEPTED_AT = 1_760_000_000.0


def a_request(job_id: UUID | None = None) -> JobRequest:
    return JobRequest(
        job_id=job_id or uuid4(),
        tenant=Tenant("acme"),
        photo_key="jobs/acme/x/photo-00.jpg",
        photo_sha256="ab" * 32,
        digest="cd" * 32,
        options=JobOptions(mask_weight=0.25),
        accepted_at=ACCEPTED_AT,
        expires_at=ACCEPTED_AT + 86400,
    )


def an_event(
    request: JobRequest, kind: JobStatus, *, partition: int = 0, offset: int = 0, attempt: int = 1
) -> JobEvent:
    finished = kind is JobStatus.FINISHED
    return JobEvent(
        job_id=request.job_id,
        tenant=request.tenant,
        kind=kind,
        request_partition=partition,
        request_offset=offset,
        attempt=attempt,
        at=ACCEPTED_AT + 5,
        accepted_at=request.accepted_at,
        expires_at=request.expires_at,
        photo_key=request.photo_key,
        photo_sha256=request.photo_sha256,
        digest=request.digest,
        options=request.options,
        started_at=None if kind is JobStatus.STARTED else ACCEPTED_AT + 1,
        error=JobError("image_truncated", "The photo ends too early.") if kind is JobStatus.FAILED else None,
        mask_key="jobs/acme/x/mask-00.png" if finished else None,
        report_key="jobs/acme/x/report-00.json" if finished else None,
        model=ModelRef("reference", "1.0.0", "ef" * 32) if finished else None,
    )


def answer_to(delivery: Delivery, kind: JobStatus) -> JobEvent:
    assert delivery.request is not None
    at = delivery.position
    return an_event(delivery.request, kind, partition=at.partition, offset=at.offset, attempt=delivery.attempt)
