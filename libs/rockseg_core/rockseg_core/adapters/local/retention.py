import sqlite3
from typing import Final

from rockseg_core.adapters.local.positions import Positions, beginning_of, first_since
from rockseg_core.ports.feed import LogPartition

SWEEP_SECONDS: Final = 600.0
MOST_IN_A_SWEEP: Final = 1000  # records: a few milliseconds during which nobody publishes


class Retention:
    """Drops records older than a time, a few at once; offsets are never given again. Used on the writer's thread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next_sweep = float("-inf")

    def due(self, monotonic: float) -> bool:
        return monotonic >= self._next_sweep

    def wait(self, monotonic: float) -> float:
        """Seconds until the next sweep."""
        return max(0.0, self._next_sweep - monotonic)

    def put_off(self, monotonic: float) -> None:
        self._next_sweep = monotonic + SWEEP_SECONDS

    def sweep(self, connection: sqlite3.Connection, positions: Positions, now: float, monotonic: float) -> None:
        """Drop at most MOST_IN_A_SWEEP records of each partition; due again at once where more are to go."""
        more = [self._sweep_one(connection, positions, at, now - self._seconds) for at in positions.next_offset]
        if not any(more):
            self.put_off(monotonic)

    def _sweep_one(self, connection: sqlite3.Connection, positions: Positions, at: LogPartition, before: float) -> bool:
        end = positions.next_offset[at]
        beginning = beginning_of(connection, at, end)
        kept = first_since(connection, at, before, beginning, end)
        bound = min(kept, beginning + MOST_IN_A_SWEEP)
        if bound > beginning:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute('DELETE FROM records WHERE topic = ? AND partition = ? AND "offset" < ?', (*at, bound))
            connection.execute(
                "UPDATE partitions SET next_offset = ?, appended_at = ? WHERE topic = ? AND partition = ?",
                (end, positions.appended_at[at], *at),
            )
            connection.execute("COMMIT")
        return bound < kept
