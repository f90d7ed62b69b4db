from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Profile:
    """How long a call to the store may take, and how often it is tried.

    `stall_seconds` bounds each wait for bytes, sent or read; `total_seconds` the whole call, with the wait for a slot
    and all tries: a store that drips stalls never. A get or put may take longer where `transfers_bounded` is False: a
    large photo over a slow link would never come. `slot_seconds` is None where a call waits for a slot as long as for
    the rest.
    """

    connect_seconds: float
    stall_seconds: float
    total_seconds: float
    slot_seconds: float | None
    tries: int
    transfers_bounded: bool = True

    def seconds(self, *, transfer: bool) -> float | None:
        """For the whole of a call; None where it may take as long as its bytes move."""
        return None if transfer and not self.transfers_bounded else self.total_seconds


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
    transfers_bounded=False,
)
"""A job waits: what a try or two can mend is mended here, the rest by the worker's own patience."""
