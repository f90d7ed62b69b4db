from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError, ModelRef
from rockseg_core.domain.records import EventKind, JobEvent, JobRequest
from rockseg_inference.objects import ResultKeys


def answer(
    delivery: Delivery,
    request: JobRequest,
    kind: EventKind,
    at: float,
    *,
    started_at: float | None = None,
    error: JobError | None = None,
    results: ResultKeys | None = None,
    model: ModelRef | None = None,
) -> JobEvent:
    """An event that answers `delivery`, with all the facts of its `request`; `at` and `started_at` in epoch seconds."""
    return JobEvent(
        job_id=request.job_id,
        tenant=request.tenant,
        kind=kind,
        request_partition=delivery.position.partition,
        request_offset=delivery.position.offset,
        attempt=delivery.attempt,
        at=at,
        accepted_at=request.accepted_at,
        expires_at=request.expires_at,
        photo_key=request.photo_key,
        photo_sha256=request.photo_sha256,
        digest=request.digest,
        options=request.options,
        started_at=started_at,
        error=error,
        mask_key=results.mask if results else None,
        confidence_key=results.confidence if results else None,
        report_key=results.report if results else None,
        model=model,
    )
