from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias


class GroupEvent(StrEnum):
    """What happens to a worker in its group and is worth a count, a graph or an alert."""

    REBALANCED = "rebalanced"  # partitions were assigned; none, perhaps
    LOST = "lost"  # the group took the partitions away without our last commit: what ran counts an attempt
    COMMIT_FAILED = "commit_failed"  # and is tried again; nothing starts meanwhile
    UNKNOWN_METADATA = "unknown_metadata"  # what a newer release committed: all that was in flight has attempt 1
    RECORDS_GONE = "records_gone"  # retention took records that nobody had run
    LOG_ANEW = "log_anew"  # the topic was made anew since the last commit: it is read from its beginning
    LOOKUP_FAILED = "lookup_failed"  # offsets could not be read, and are asked for again
    FETCH_FAILED = "fetch_failed"


Notice: TypeAlias = Callable[[GroupEvent], None]


def unnoticed(_event: GroupEvent) -> None:
    """For who counts nothing."""
