"""The two records of the log. Their JSON is a public contract, pinned by golden files in tests/data.

The bounds are checked where bytes are read: whatever passes can be kept in a table, named as an object, told as a date.
Records and their parts refer to nothing that could refer back, so the garbage collector need not look at them
(`gc=False`): a replay makes some hundred thousand.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from rockseg_core.domain.job import (
    TENANT_PATTERN,
    JobError,
    JobOptions,
    JobStatus,
    ModelRef,
    RequestPosition,
    Tenant,
)
from rockseg_core.domain.object_key import KEY_PATTERN, MAX_KEY_BYTES

SCHEMA = 1

_Tenant: TypeAlias = Annotated[Tenant, Meta(pattern=rf"\A{TENANT_PATTERN}\Z")]
_Key: TypeAlias = Annotated[str, Meta(pattern=KEY_PATTERN, max_length=MAX_KEY_BYTES)]
_Digest: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z]{1,128}\Z")]
_Seconds: TypeAlias = Annotated[float, Meta(ge=0, lt=253402300800)]  # up to the year 9999, where dates end
_Partition: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
_Offset: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Attempt: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class JobRequest(msgspec.Struct, frozen=True, tag="job_request", tag_field="type", kw_only=True, gc=False):
    """The command on `rockseg.jobs`; it is the fact "queued", there is no second write. Times: epoch seconds."""

    schema: int = SCHEMA
    job_id: UUID
    tenant: _Tenant
    photo_key: _Key
    photo_sha256: _Digest
    digest: _Digest
    options: JobOptions
    accepted_at: _Seconds
    expires_at: _Seconds


class JobEvent(msgspec.Struct, frozen=True, tag="job_event", tag_field="type", kw_only=True, gc=False):
    """The full state after a step, on `rockseg.job-events`; with the request's facts, so a view can stand on it alone.

    `at` is the writer's clock: the start of a `started`, the end of a `finished` or `failed`. A terminal event names
    the very objects that readers use.
    """

    schema: int = SCHEMA
    job_id: UUID
    tenant: _Tenant
    kind: JobStatus
    request_partition: _Partition
    request_offset: _Offset
    attempt: _Attempt
    at: _Seconds
    accepted_at: _Seconds
    expires_at: _Seconds
    photo_key: _Key
    photo_sha256: _Digest
    digest: _Digest
    options: JobOptions
    started_at: _Seconds | None = None
    error: JobError | None = None
    mask_key: _Key | None = None
    confidence_key: _Key | None = None
    report_key: _Key | None = None
    model: ModelRef | None = None

    def __post_init__(self) -> None:
        # msgspec reads no Literal of enum members; raised here, it is a DecodeError like that of any other bad field.
        if self.kind is JobStatus.QUEUED:
            raise ValueError("an event has no kind `queued`: that is the request's fact")

    @property
    def request_position(self) -> RequestPosition:
        return RequestPosition(self.request_partition, self.request_offset)


EventKind: TypeAlias = Literal[JobStatus.STARTED, JobStatus.FINISHED, JobStatus.FAILED, JobStatus.ERASED]
