"""The bodies of answers. Existing clients read them: fields may be added, none renamed, retyped or dropped."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar.response.base import ASGIResponse
from msgspec import Meta

from rockseg_core.domain.fold import JobRecord

JSON: Final = "application/json"
STALE_HEADER: Final = "Rockseg-Stale"
REVALIDATE: Final = "private, no-cache"
"""A client may keep a finished result, and asks each time whether it is still there: the job may have been erased."""

Rgb = Annotated[tuple[int, int, int], Meta(description="Red, green and blue, 0 to 255.")]


class JobAccepted(msgspec.Struct, frozen=True):
    """The job is durable: it will reach an end whatever happens to the service."""

    job_id: Annotated[UUID, Meta(description="Poll `GET /job/{job_id}` with it.")]
    status: Annotated[str, Meta(description="`queued`; of a repeated Idempotency-Key, the job's present status.")]


class JobResult(msgspec.Struct, frozen=True):
    """What was found in the photo."""

    detected_classes: Annotated[
        dict[str, Rgb], Meta(description="Rock types with at least one pixel and their colours, in index order.")
    ]
    base64: Annotated[str, Meta(description="The overlay, an RGB PNG, in base64.")]


class JobBody(msgspec.Struct, frozen=True):
    """A job as it is now. Times are seconds since 1970, UTC."""

    job_id: UUID
    status: Annotated[
        str, Meta(description="`queued`, `started`, `finished` or `failed`; poll until one of the last two.")
    ]
    created_at: Annotated[float, Meta(description="When the photo was accepted.")]
    started_at: Annotated[float | None, Meta(description="When a worker took it up.")]
    finished_at: Annotated[float | None, Meta(description="When it finished or failed.")]
    error: Annotated[str | None, Meta(description="Of a failed job: a sentence that says why.")]
    result: Annotated[JobResult | None, Meta(description="Null unless the job is finished.")]
    error_code: Annotated[str | None, Meta(description="Of a failed job: a stable code to match on.")] = None

    @classmethod
    def of(cls, job: JobRecord, result: JobResult | None = None) -> "JobBody":
        return cls(
            job_id=job.job_id,
            status=job.status.value,
            created_at=job.accepted_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            error=job.error.sentence if job.error else None,
            result=result,
            error_code=job.error.code if job.error else None,
        )


_encode = msgspec.json.Encoder().encode


def json_answer(body: object, *, status_code: int = 200, headers: dict[str, str] | None = None) -> ASGIResponse:
    """JSON that no cache keeps, unless `headers` say otherwise."""
    sent = {"cache-control": "no-store", **(headers or {})}
    return ASGIResponse(body=_encode(body), status_code=status_code, media_type=JSON, headers=sent)
