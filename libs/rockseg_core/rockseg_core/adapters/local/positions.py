"""Where the embedded log's partitions begin and end, and where a time lies in them."""

import sqlite3
from dataclasses import dataclass
from itertools import product

from rockseg_core.ports.feed import LogPartition, Topic


@dataclass
class Positions:
    """Per partition the next offset to give, and the time of the last record: neither ever goes back."""

    next_offset: dict[LogPartition, int]
    appended_at: dict[LogPartition, float]

    def copy(self) -> "Positions":
        return Positions(dict(self.next_offset), dict(self.appended_at))


def prepare_partitions(connection: sqlite3.Connection, partitions: int) -> None:
    """There are at least so many of each topic; there are never fewer than there were."""
    rows = [(topic, partition) for topic, partition in product(Topic, range(partitions))]
    connection.executemany("INSERT OR IGNORE INTO partitions VALUES (?, ?, 0, 0.0)", rows)


def load_positions(connection: sqlite3.Connection) -> Positions:
    positions = Positions({}, {})
    for topic, partition, kept_next, kept_time in connection.execute("SELECT * FROM partitions").fetchall():
        at = LogPartition(Topic(topic), partition)
        last = connection.execute(
            'SELECT "offset", appended_at FROM records WHERE topic = ? AND partition = ?'
            ' ORDER BY "offset" DESC LIMIT 1',
            at,
        ).fetchone()
        # What `partitions` keeps counts only where retention has taken every record.
        positions.next_offset[at] = max(kept_next, last[0] + 1 if last else 0)
        positions.appended_at[at] = max(kept_time, last[1] if last else 0.0)
    return positions


def beginning_of(connection: sqlite3.Connection, at: LogPartition, end: int) -> int:
    """The first offset that is still there; `end` where there is none."""
    found = connection.execute('SELECT min("offset") FROM records WHERE topic = ? AND partition = ?', at).fetchone()[0]
    return end if found is None else int(found)


def first_since(connection: sqlite3.Connection, at: LogPartition, time: float, beginning: int, end: int) -> int:
    """The first offset in [beginning, end) appended at `time` or later, else `end`: times never go back, so halve."""
    while beginning < end:
        middle = (beginning + end) // 2
        row = connection.execute(
            'SELECT appended_at FROM records WHERE topic = ? AND partition = ? AND "offset" = ?', (*at, middle)
        ).fetchone()
        if row is None or row[0] < time:
            beginning = middle + 1
        else:
            end = middle
    return beginning
