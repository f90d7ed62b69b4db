from collections import deque
from typing import Final

from rockseg_core.adapters.local.operations import Row
from rockseg_core.ports.feed import LogPartition

KEPT: Final = 1024  # records a partition, about a kilobyte each


class Tail:
    """The latest records, in memory: who keeps up with the log reads no file and changes no thread."""

    def __init__(self) -> None:
        self._rows: dict[LogPartition, deque[Row]] = {}

    def append(self, at: LogPartition, row: Row) -> None:
        self._rows.setdefault(at, deque(maxlen=KEPT)).append(row)

    def read(self, at: LogPartition, position: int, limit: int) -> list[Row] | None:
        """Rows from `position` on; None where the tail does not reach back so far."""
        rows = self._rows.get(at)
        if not rows or position < rows[0].offset:
            return None
        first = position - rows[0].offset  # offsets in a partition have no gaps
        return [rows[i] for i in range(first, min(first + limit, len(rows)))]
