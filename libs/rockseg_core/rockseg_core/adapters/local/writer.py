import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from rockseg_core.adapters.local.operations import Append, Commit, Row, Submission
from rockseg_core.adapters.local.positions import Positions
from rockseg_core.adapters.local.retention import Retention
from rockseg_core.domain.clock import Clock
from rockseg_core.ports.feed import LogPartition

_log = logging.getLogger(__name__)

MOST_IN_A_BATCH: Final = 256


@dataclass(frozen=True)
class Written:
    """What became of a batch: the offset of each operation (None: a commit); `offsets` is None where all failed."""

    batch: Sequence[Submission]
    offsets: Sequence[int | None] | None
    appended: Sequence[tuple[LogPartition, Row]] = ()


class LogWriter:
    """The one thread that writes. All that has come in while it wrote goes into one transaction, one fsync."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        positions: Positions,
        clock: Clock,
        retention: Retention,
        settle: Callable[[Written], None],
    ) -> None:
        """`settle` is called on the writer's thread after each batch, in order."""
        self._connection = connection
        self._positions = positions
        self._clock = clock
        self._retention = retention
        self._settle = settle
        self._queue: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="rockseg-log-writer", daemon=True)
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        self._queue.put(submission)

    def close(self) -> None:
        """Write what was submitted before, and end. Blocks."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        closing = False
        while not closing:
            batch, closing = self._collect()
            if batch:
                self._settle(self._try_to_write(batch))
            if not closing and self._retention.due(time.monotonic()):
                self._sweep()

    def _collect(self) -> tuple[list[Submission], bool]:
        """Everything that waits, at least one unless it is time to sweep first; and whether that was the last."""
        batch: list[Submission] = []
        with suppress(queue.Empty):
            submission = self._queue.get(timeout=self._retention.wait(time.monotonic()))
            while submission is not None:
                batch.append(submission)
                if len(batch) == MOST_IN_A_BATCH:
                    return batch, False
                submission = self._queue.get_nowait()
            return batch, True
        return batch, False

    def _try_to_write(self, batch: Sequence[Submission]) -> Written:
        try:
            return self._write(batch)
        except Exception:  # noqa: BLE001 - the thread must live: whatever it was, the next batch may do
            _log.exception("the embedded log could not write")
            with suppress(sqlite3.Error):
                self._connection.rollback()
            return Written(batch, None)

    def _write(self, batch: Sequence[Submission]) -> Written:
        positions, now = self._positions.copy(), self._clock.now()
        offsets: list[int | None] = []
        rows: list[tuple[object, ...]] = []
        appended: list[tuple[LogPartition, Row]] = []
        states: dict[int, tuple[int, str]] = {}
        for submission in batch:
            match submission.operation:
                case Append(at, key, value, note):
                    offset = positions.next_offset[at]
                    positions.next_offset[at] = offset + 1
                    positions.appended_at[at] = max(now, positions.appended_at[at])
                    rows.append((at.topic, at.partition, offset, key, value, note, positions.appended_at[at]))
                    appended.append((at, Row(offset, key, value)))
                    offsets.append(offset)
                case Commit(later):
                    states.update(later)
                    offsets.append(None)
        self._connection.execute("BEGIN IMMEDIATE")
        if rows:
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        if states:
            commits = [(partition, *state) for partition, state in states.items()]
            self._connection.executemany("INSERT OR REPLACE INTO commits VALUES (?, ?, ?)", commits)
        self._connection.execute("COMMIT")
        self._positions = positions
        return Written(batch, offsets, appended)

    def _sweep(self) -> None:
        try:
            self._retention.sweep(self._connection, self._positions, self._clock.now(), time.monotonic())
        except sqlite3.Error:
            _log.exception("the embedded log could not drop its old records")
            with suppress(sqlite3.Error):
                self._connection.rollback()
            self._retention.put_off(time.monotonic())
