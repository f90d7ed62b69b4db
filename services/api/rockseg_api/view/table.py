"""The view's rows and offsets: derived from the log, and so never worth an fsync.

Every call runs on the event loop's thread: a point read takes some 10 µs and a chunk of `CHUNK_RECORDS` a few ms, where
a hop to a thread and back costs more than the one and frees little of the other.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from rockseg_api.view.file import DamagedRowError, NotAViewError, ViewFile, passing
from rockseg_api.view.reading import merged, objects_due_at
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.job import Tenant
from rockseg_core.ports.feed import LogPartition, Topic

CHUNK_RECORDS: Final = 100
RECENT_JOBS: Final = 4096  # rows kept in memory beside the file, 1 KB each

_UPSERT: Final = """
INSERT INTO job (job_id, record, tenant, status, expires_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET record = excluded.record, tenant = excluded.tenant, status = excluded.status,
expires_at = excluded.expires_at, due_at = excluded.due_at
"""

READ_AT_ONCE: Final = 100
# Of a fixed number of ids, so that it is prepared once; NULL is no job's.
_MARKS: Final = ", ".join("?" * READ_AT_ONCE)
_READ_SEVERAL: Final = f"SELECT record FROM job WHERE job_id IN ({_MARKS})"  # noqa: S608 - question marks only

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(JobRecord).decode


class ViewTable:
    """Rows by job id, and the next offset of each partition, always of one and the same moment.

    Any call may raise sqlite3.DatabaseError. Where the file is `damaged`, `discard` makes the table anew, empty.
    """

    def __init__(self, path: Path | str) -> None:
        """Opens what is there if it can be trusted; raises SettingsError where no file can be made.

        Where a file is there and only cannot be read now, as on a full disk, the table is closed until `open` succeeds.
        """
        # By the ids' numbers: a replay looks up hundred thousands, and each hash of a UUID is a call of Python's.
        self._recent: OrderedDict[int, JobRecord] = OrderedDict()
        self._unwritten: dict[int, JobRecord] = {}
        try:
            self._file = ViewFile(path)
            self._file.open()
        except NotAViewError as error:
            raise SettingsError(
                f"{path} is there and is no job view: move it away, or name another file (ROCKSEG_VIEW_PATH)"
            ) from error
        except sqlite3.DatabaseError as error:
            if not passing(error):
                raise SettingsError(f"the job view's file {path} cannot be made (ROCKSEG_VIEW_PATH)") from error

    def open(self) -> None:
        """Open the file again after that has failed; nothing where it is open."""
        self._file.open()

    def discard(self) -> None:
        """Begin anew, empty."""
        self._recent.clear()
        self._unwritten.clear()
        self._file.discard()

    def close(self) -> None:
        """Every call raises from now on."""
        self._recent.clear()
        self._unwritten.clear()
        self._file.close()

    def read(self, job_id: UUID) -> JobRecord | None:
        recent = self._unwritten.get(job_id.int) or self._recent.get(job_id.int)
        if recent is not None:
            return recent
        row = self._file.db.execute("SELECT record FROM job WHERE job_id = ?", (job_id.bytes,)).fetchone()
        return None if row is None else _decoded(row[0])

    def apply(self, records: Iterable[JobRecord], positions: Mapping[LogPartition, int]) -> None:
        """Fold some records in, and note the offsets that come after them: one transaction."""
        self.fold(records)
        self.write(positions)

    def fold(self, records: Iterable[JobRecord]) -> None:
        """Fold some records in, to be written later: `read` knows of them, what counts or lists jobs does not."""
        told = [(new.job_id.int, new) for new in records]
        unwritten, recent = self._unwritten, self._recent
        stored = self._stored({number for number, _ in told if number not in unwritten and number not in recent})
        for number, new in told:
            old = unwritten.get(number) or recent.get(number) or stored.get(number)
            after = merged(old, new)
            if after is not old:
                unwritten[number] = after

    @property
    def file_bytes(self) -> int:
        """What the file takes of its disk. From any thread."""
        return self._file.size_bytes

    @property
    def unwritten(self) -> int:
        """How many rows wait to be written."""
        return len(self._unwritten)

    def forget_unwritten(self) -> None:
        """As if they had not been folded in."""
        self._unwritten.clear()

    def write(self, positions: Mapping[LogPartition, int]) -> None:
        """What was folded in, and the offsets that come after it: one transaction. If it fails, nothing is written."""
        changed, self._unwritten = self._unwritten, {}
        with self._file.db:
            self._file.db.execute("BEGIN IMMEDIATE")
            self._file.db.executemany(
                _UPSERT,
                [
                    (job.job_id.bytes, _encode(job), job.tenant, job.status.value, job.expires_at, objects_due_at(job))
                    for job in changed.values()
                ],
            )
            self._file.db.executemany(
                "INSERT OR REPLACE INTO position VALUES (?, ?, ?)",
                [(at.topic.value, at.partition, offset) for at, offset in positions.items()],
            )
        self._keep(changed)

    def _stored(self, numbers: set[int]) -> dict[int, JobRecord]:
        """The rows there are of these in the file, by one statement: a replay finds few of its jobs in memory."""
        stored = {}
        asked = [number.to_bytes(16) for number in numbers]
        for first in range(0, len(asked), READ_AT_ONCE):
            some = asked[first : first + READ_AT_ONCE]
            missing = [None] * (READ_AT_ONCE - len(some))
            for (record,) in self._file.db.execute(_READ_SEVERAL, [*some, *missing]):
                row = _decoded(record)
                stored[row.job_id.int] = row
        return stored

    def _keep(self, changed: Mapping[int, JobRecord]) -> None:
        """Clients ask for the jobs that change: SQLite gives the GIL away in each read, and gets it back late."""
        for number, job in changed.items():
            self._recent[number] = job
            self._recent.move_to_end(number)
        while len(self._recent) > RECENT_JOBS:
            self._recent.popitem(last=False)

    def positions(self) -> dict[LogPartition, int]:
        """The next offset of each partition that was ever noted."""
        rows = self._file.db.execute("SELECT topic, partition, next_offset FROM position")
        return {LogPartition(_topic(topic), partition): offset for topic, partition, offset in rows}

    def topic_ids(self) -> dict[Topic, str]:
        """Of which life of each topic the positions are; empty in a new table."""
        return {_topic(name): topic_id for name, topic_id in self._file.db.execute("SELECT name, id FROM topic")}

    def note_topic_ids(self, ids: Mapping[Topic, str]) -> None:
        rows = [(topic.value, topic_id) for topic, topic_id in ids.items()]
        self._file.db.executemany("INSERT OR REPLACE INTO topic VALUES (?, ?)", rows)

    def unfinished(self, tenant: Tenant, now: float, most: int) -> int:
        """How many jobs of a tenant are neither ended nor expired; counting stops at `most`."""
        row = self._file.db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM job WHERE tenant = ? AND expires_at > ? "
            "AND status IN ('queued', 'started') LIMIT ?)",
            (tenant, now, most),
        ).fetchone()
        return int(row[0])

    def backlog(self, now: float) -> tuple[int, int, JobRecord | None]:
        """Of all tenants: how many jobs wait, how many run, and which of them expires first."""
        unfinished = "FROM job WHERE status IN ('queued', 'started') AND expires_at > ?"
        (both,) = self._file.db.execute(f"SELECT count(*) {unfinished}", (now,)).fetchone()  # no foreign text
        (queued,) = self._file.db.execute(
            "SELECT count(*) FROM job WHERE status = 'queued' AND expires_at > ?", (now,)
        ).fetchone()
        row = self._file.db.execute(
            f"SELECT record {unfinished} ORDER BY expires_at LIMIT 1",  # no foreign text
            (now,),
        ).fetchone()
        return queued, both - queued, None if row is None else _decoded(row[0])

    def oldest_queued(self, now: float) -> JobRecord | None:
        """Of the jobs that wait and are not expired, the one that expires first."""
        row = self._file.db.execute(
            "SELECT record FROM job WHERE status = 'queued' AND expires_at > ? ORDER BY expires_at LIMIT 1", (now,)
        ).fetchone()
        return None if row is None else _decoded(row[0])

    def due(self, now: float, limit: int) -> Sequence[JobRecord]:
        """Jobs whose objects should no longer be in the store, the longest due first."""
        rows = self._file.db.execute("SELECT record FROM job WHERE due_at <= ? ORDER BY due_at LIMIT ?", (now, limit))
        return [_decoded(record) for (record,) in rows]

    def settle(self, job_ids: Iterable[UUID], now: float) -> None:
        """The objects of these jobs are deleted; those of an erased one are looked for once more when it expires."""
        with self._file.db:
            self._file.db.execute("BEGIN IMMEDIATE")
            self._file.db.executemany(
                "UPDATE job SET due_at = CASE WHEN expires_at > ? THEN expires_at END WHERE job_id = ? AND due_at <= ?",
                [(now, job_id.bytes, now) for job_id in job_ids],
            )

    def postpone(self, job_ids: Iterable[UUID], now: float, until: float) -> None:
        """The objects of these jobs could not be deleted; until then they are no longer due."""
        with self._file.db:
            self._file.db.execute("BEGIN IMMEDIATE")
            self._file.db.executemany(
                "UPDATE job SET due_at = ? WHERE job_id = ? AND due_at <= ?",
                [(until, job_id.bytes, now) for job_id in job_ids],
            )

    def prune(self, expired_before: float, limit: int) -> int:
        """Drop rows that no answer needs and whose objects are deleted; returns how many."""
        cursor = self._file.db.execute(
            "DELETE FROM job WHERE job_id IN "
            "(SELECT job_id FROM job WHERE expires_at <= ? AND due_at IS NULL ORDER BY expires_at LIMIT ?)",
            (expired_before, limit),
        )
        if cursor.rowcount:
            self._recent.clear()
        return cursor.rowcount


def _decoded(record: bytes) -> JobRecord:
    try:
        return _decode(record)
    except msgspec.DecodeError as error:
        raise DamagedRowError from error


def _topic(name: str) -> Topic:
    try:
        return Topic(name)
    except ValueError as error:
        raise DamagedRowError from error
