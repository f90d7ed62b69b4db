"""How deliveries end, for the client, the metrics and the log."""

from enum import StrEnum
from typing import Final, NamedTuple

from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import PHOTO_CODES, RecordUndecodableError
from rockseg_core.domain.job import JobError

UNDECODABLE: Final = JobError(RecordUndecodableError.code, "The record is not a job request that this version reads.")
CRASHED: Final = JobError("worker_crashed", "Every attempt to segment this photo ended with a crash of the worker.")
INTERNAL: Final = JobError("internal_error", "This photo could not be segmented because of a fault on our side.")


class Outcome(StrEnum):
    """How a delivery ended at this worker; all but the last two acknowledge it."""

    FINISHED = "finished"
    FAILED = "failed"
    EXPIRED = "expired"
    ERASED = "erased"
    UNDECODABLE = "undecodable"
    RETRIED = "retried"
    RELEASED = "released"


class Ending(NamedTuple):
    outcome: Outcome
    reason: str = ""


KNOWN: Final = (
    Ending(Outcome.FINISHED),
    Ending(Outcome.EXPIRED),
    Ending(Outcome.ERASED),
    Ending(Outcome.UNDECODABLE, UNDECODABLE.code),
    Ending(Outcome.RETRIED, INTERNAL.code),
    *(Ending(Outcome.FAILED, code) for code in (CRASHED.code, INTERNAL.code, *sorted(PHOTO_CODES))),
)
"""How deliveries end; the rest names what held them up."""


def undecodable(delivery: Delivery) -> JobError:
    if delivery.end is None:
        return UNDECODABLE
    first, last = delivery.position.offset, delivery.end - 1
    return JobError(UNDECODABLE.code, f"The records at the offsets {first} to {last} cannot be unpacked.")
