"""The two records of the log. Their JSON is a public contract, pinned by golden files in tests/data."""

from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from rockseg_core.domain.job import JobError, JobOptions, JobStatus, ModelRef, RequestPosition, Tenant

SCHEMA = 1


class JobRequest(msgspec.Struct, frozen=True, tag="job_request", tag_field="type", kw_only=True):
    """The command on `rockseg.jobs`; it is the fact "queued", there is no second write. Times: epoch seconds."""

    schema: int = SCHEMA
    job_id: UUID
    tenant: Tenant
    photo_key: str
    photo_sha256: str
    digest: str
    options: JobOptions
    accepted_at: float
    expires_at: float


class JobEvent(msgspec.Struct, frozen=True, tag="job_event", tag_field="type", kw_only=True):
    """The full state after a step, on `rockseg.job-events`; with the request's facts, so a view can stand on it alone.

    `at` is the writer's clock: the start of a `started`, the end of a `finished` or `failed`. A terminal event names
    the very objects that readers use.
    """

    schema: int = SCHEMA
    job_id: UUID
    tenant: Tenant
    kind: JobStatus
    request_partition: int
    request_offset: int
    attempt: int
    at: float
    accepted_at: float
    expires_at: float
    photo_key: str
    photo_sha256: str
    digest: str
    options: JobOptions
    started_at: float | None = None
    error: JobError | None = None
    mask_key: str | None = None
    confidence_key: str | None = None
    report_key: str | None = None
    model: ModelRef | None = None

    def __post_init__(self) -> None:
        # msgspec reads no Literal of enum members; raised here, it is a DecodeError like that of any other bad field.
        if self.kind is JobStatus.QUEUED:
            raise ValueError("an event has no kind `queued`: that is the request's fact")

    @property
    def request_position(self) -> RequestPosition:
        return RequestPosition(self.request_partition, self.request_offset)


EventKind: TypeAlias = Literal[JobStatus.STARTED, JobStatus.FINISHED, JobStatus.FAILED, JobStatus.ERASED]
