"""The view's rows and offsets: one SQLite file, derived from the log and so never worth an fsync.

WAL with `synchronous=OFF` survives the end of the process, not that of the machine: a file written before the
machine's last start is thrown away, like one that is corrupt or of another schema, and the log is read again.

Every call runs on the event loop's thread: a point read takes some 10 µs and a chunk of `CHUNK_RECORDS` a few ms, where
a hop to a thread and back costs more than the one and frees little of the other.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import msgspec

from rockseg_api.view.reading import merged, objects_due_at
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.job import Tenant
from rockseg_core.ports.feed import LogPartition, Topic

SCHEMA_VERSION: Final = 3
CHUNK_RECORDS: Final = 100
MEMORY: Final = ":memory:"
LOCKED_SECONDS: Final = 0.5  # nobody else writes this file; should somebody, the event loop must not stand for long
NO_FILE: Final = "the job view's file cannot be made where the settings want it"

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_SCHEMA: Final = """
CREATE TABLE job (
    job_id BLOB PRIMARY KEY, record BLOB NOT NULL, tenant TEXT NOT NULL, status TEXT NOT NULL, expires_at REAL NOT NULL,
    due_at REAL
);
CREATE INDEX job_by_expiry ON job (expires_at);
CREATE INDEX unfinished_by_tenant ON job (tenant, expires_at) WHERE status IN ('queued', 'started');
CREATE INDEX queued_by_expiry ON job (expires_at) WHERE status = 'queued';
CREATE INDEX job_by_due ON job (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE position (
    topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE topic (name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE boot (id TEXT NOT NULL);
"""
_UPSERT: Final = """
INSERT INTO job (job_id, record, tenant, status, expires_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET record = excluded.record, tenant = excluded.tenant, status = excluded.status,
expires_at = excluded.expires_at, due_at = excluded.due_at
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(JobRecord).decode


class ViewTable:
    """Rows by job id, and the next offset of each partition, always of one and the same moment.

    Any call may raise sqlite3.DatabaseError; `discard` then makes the table anew, empty.
    """

    def __init__(self, path: Path | str) -> None:
        """Opens what is there if it can be trusted; raises SettingsError where no file can be made."""
        self._path = path
        try:
            if path != MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = self._opened()
            trusted = self._trusted()
        except sqlite3.DatabaseError:
            trusted = False
        except OSError as error:
            raise SettingsError(NO_FILE) from error
        if not trusted:
            self.discard()

    def discard(self) -> None:
        """Begin anew, empty."""
        self.close()
        try:
            if self._path != MEMORY:
                for suffix in ("", "-wal", "-shm", "-journal"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._db = self._opened()
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._db.execute("INSERT INTO boot VALUES (?)", (_boot_id(),))
        except (sqlite3.DatabaseError, OSError) as error:
            raise SettingsError(NO_FILE) from error

    def close(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()

    def read(self, job_id: UUID) -> JobRecord | None:
        row = self._db.execute("SELECT record FROM job WHERE job_id = ?", (job_id.bytes,)).fetchone()
        return None if row is None else _decoded(row[0])

    def apply(self, records: Iterable[JobRecord], positions: Mapping[LogPartition, int]) -> None:
        """Fold some records in, and note the offsets that come after them: one transaction."""
        changed: dict[UUID, JobRecord] = {}
        for new in records:
            old = changed.get(new.job_id) or self.read(new.job_id)
            after = merged(old, new)
            if after is not old:
                changed[new.job_id] = after
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                _UPSERT,
                [
                    (job.job_id.bytes, _encode(job), job.tenant, job.status.value, job.expires_at, objects_due_at(job))
                    for job in changed.values()
                ],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO position VALUES (?, ?, ?)",
                [(at.topic.value, at.partition, offset) for at, offset in positions.items()],
            )

    def positions(self) -> dict[LogPartition, int]:
        """The next offset of each partition that was ever noted."""
        rows = self._db.execute("SELECT topic, partition, next_offset FROM position")
        return {LogPartition(Topic(topic), partition): offset for topic, partition, offset in rows}

    def topic_ids(self) -> dict[Topic, str]:
        """Of which life of each topic the positions are; empty in a new table."""
        return {Topic(name): topic_id for name, topic_id in self._db.execute("SELECT name, id FROM topic")}

    def note_topic_ids(self, ids: Mapping[Topic, str]) -> None:
        rows = [(topic.value, topic_id) for topic, topic_id in ids.items()]
        self._db.executemany("INSERT OR REPLACE INTO topic VALUES (?, ?)", rows)

    def unfinished(self, tenant: Tenant, now: float, most: int) -> int:
        """How many jobs of a tenant are neither ended nor expired; counting stops at `most`."""
        row = self._db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM job WHERE tenant = ? AND expires_at > ? "
            "AND status IN ('queued', 'started') LIMIT ?)",
            (tenant, now, most),
        ).fetchone()
        return int(row[0])

    def oldest_queued(self, now: float) -> JobRecord | None:
        """Of the jobs that wait and are not expired, the one that expires first."""
        row = self._db.execute(
            "SELECT record FROM job WHERE status = 'queued' AND expires_at > ? ORDER BY expires_at LIMIT 1", (now,)
        ).fetchone()
        return None if row is None else _decoded(row[0])

    def due(self, now: float, limit: int) -> Sequence[JobRecord]:
        """Jobs whose objects should no longer be in the store, the longest due first."""
        rows = self._db.execute("SELECT record FROM job WHERE due_at <= ? ORDER BY due_at LIMIT ?", (now, limit))
        return [_decoded(record) for (record,) in rows]

    def settle(self, job_ids: Iterable[UUID], now: float) -> None:
        """The objects of these jobs are deleted; those of an erased one are looked for once more when it expires."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "UPDATE job SET due_at = CASE WHEN expires_at > ? THEN expires_at END WHERE job_id = ? AND due_at <= ?",
                [(now, job_id.bytes, now) for job_id in job_ids],
            )

    def prune(self, expired_before: float, limit: int) -> int:
        """Drop rows that no answer needs and whose objects are deleted; returns how many."""
        cursor = self._db.execute(
            "DELETE FROM job WHERE job_id IN "
            "(SELECT job_id FROM job WHERE expires_at <= ? AND due_at IS NULL ORDER BY expires_at LIMIT ?)",
            (expired_before, limit),
        )
        return cursor.rowcount

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=LOCKED_SECONDS, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA cache_size = -32768")  # KiB; recent jobs are the ones that are asked for
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def _trusted(self) -> bool:
        if self._db.execute("PRAGMA user_version").fetchone() != (SCHEMA_VERSION,):
            return False
        return self._db.execute("SELECT id FROM boot").fetchall() == [(_boot_id(),)]


def _decoded(record: bytes) -> JobRecord:
    """A row that is none is a damaged file, whichever library notices it."""
    try:
        return _decode(record)
    except msgspec.DecodeError as error:
        raise sqlite3.DatabaseError("a row of the job view is damaged") from error


def _boot_id() -> str:
    """Names the machine's present run; where there is no such name, each opening counts as a new one."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return uuid4().hex
