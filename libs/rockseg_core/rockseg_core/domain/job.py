from enum import StrEnum
from typing import Annotated, Final, NamedTuple, NewType, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Meta

JobId = UUID
Tenant = NewType("Tenant", str)

TENANT_PATTERN: Final = r"[a-z0-9-]{1,63}"


class JobStatus(StrEnum):
    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    ERASED = "erased"

    def __init__(self, value: str) -> None:
        self.terminal = value in {"finished", "failed", "erased"}  # an attribute: a replay asks it for each record


class RequestPosition(NamedTuple):
    """Where a JobRequest stands on `rockseg.jobs`; of two requests for one job the lower position counts."""

    partition: int
    offset: int


# Wider than what the door takes (`option_bounds`), which may change: no stray number is to reach a name or a picture.
_Length: TypeAlias = Annotated[float, Meta(gt=0, le=1e9)]


class JobOptions(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a client may set on submit. `mask_weight` is rounded to 3 decimals at the door, so digests are stable."""

    mask_weight: Annotated[float, Meta(ge=0, le=1)] = 0.5
    core_width_px: _Length | None = None
    px_per_mm: _Length | None = None
    core_mm: _Length | None = None

    @property
    def known_core_width_px(self) -> float | None:
        """Pixels across one core in the photo as displayed, when the client said so."""
        if self.core_width_px is not None:
            return self.core_width_px
        if self.px_per_mm is not None and self.core_mm is not None:
            return self.px_per_mm * self.core_mm
        return None


class JobError(msgspec.Struct, frozen=True, gc=False):
    """Why a job failed: a stable code, and a sentence for the client."""

    code: str
    sentence: str


class ModelRef(msgspec.Struct, frozen=True, gc=False):
    """Which bundle made a result; `digest` is the sha256 of its manifest, in hex."""

    name: str
    version: str
    digest: str


def idempotent_job_id(tenant: Tenant, key: str) -> JobId:
    """The job that an Idempotency-Key names, so that a retry meets its own job on any replica."""
    return uuid5(uuid5(NAMESPACE_URL, f"rockseg:{tenant}"), key)
