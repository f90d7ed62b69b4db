from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Profile:
    """How long a call to the store may take, and how often it is tried.

    `stall_seconds` bounds each wait for bytes, sent or read; `total_seconds` the whole call, with the wait for a slot
    and all tries: a store that drips stalls never. `slot_seconds` is None where a call waits for a slot as long as for
    the rest.
    """

    connect_seconds: float
    stall_seconds: float
    total_seconds: float
    slot_seconds: float | None
    tries: int


API_PROFILE: Final = Profile(
    connect_seconds=1.0,
    stall_seconds=4.0,
    total_seconds=4.5,  # a submit has 5 s in all, of which the answer needs some
    slot_seconds=0.5,
    tries=1,
)
"""A client waits: one try, and a sentence in time."""

WORKER_PROFILE: Final = Profile(
    connect_seconds=5.0,
    stall_seconds=30.0,
    total_seconds=120.0,
    slot_seconds=None,
    tries=3,
)
"""A job waits: what a try or two can mend is mended here, the rest by the worker's own patience."""
