"""The SQLite file under a view's table: opened, thrown away, and told apart from one that only cannot be had just now.

WAL with `synchronous=OFF` survives the end of the process, not that of the machine: a file written before the
machine's last start is thrown away, like one that is damaged or of another schema, and the log is read again.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog

SCHEMA_VERSION: Final = 5
APPLICATION_ID: Final = 0x524F434B
"""Says that a file is a job view, at offset 68 of its header (https://sqlite.org/fileformat.html#application_id)."""
MEMORY: Final = ":memory:"
LOCKED_SECONDS: Final = 0.05
"""Nobody else writes this file; should somebody, the event loop must not stand, and the follower comes again."""

_HEADER_BYTES: Final = 100
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_SCHEMA: Final = """
CREATE TABLE job (
    job_id BLOB PRIMARY KEY, record BLOB NOT NULL, tenant TEXT NOT NULL, status TEXT NOT NULL, expires_at REAL NOT NULL,
    due_at REAL
);
CREATE INDEX settled_by_expiry ON job (expires_at) WHERE due_at IS NULL;
CREATE INDEX unfinished_by_tenant ON job (tenant, expires_at) WHERE status IN ('queued', 'started');
CREATE INDEX unfinished_by_expiry ON job (expires_at) WHERE status IN ('queued', 'started');
CREATE INDEX queued_by_expiry ON job (expires_at) WHERE status = 'queued';
CREATE INDEX job_by_due ON job (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE position (
    topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE topic (name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE boot (id TEXT NOT NULL);
"""

# Primary result codes (https://sqlite.org/rescode.html). SQLITE_ERROR is what a missing table or column is told with.
_DAMAGE: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_NOTADB,
    }
)
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
    }
)


class DamagedRowError(sqlite3.DatabaseError):
    """A row that is none: a damaged file, whichever library notices it."""


class FileAwayError(sqlite3.OperationalError):
    """There is no file open: it is closed, or could not be made."""


def damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault. A full disk, a lock or a disk's error is not: what the file has stays."""
    return isinstance(error, DamagedRowError) or _code(error) in _DAMAGE


def passing(error: sqlite3.DatabaseError) -> bool:
    """Whether it may be over in a while by itself, unlike a path where no file can be."""
    return _code(error) in _PASSING


class NotAViewError(Exception):
    """Something else is there, which is nobody's to throw away."""


_log = structlog.get_logger()


class ViewFile:
    """One connection, made anew from nothing where what is there cannot be trusted."""

    def __init__(self, path: Path | str) -> None:
        """Raises NotAViewError."""
        if path != MEMORY and not _may_be_ours(Path(path)):
            raise NotAViewError
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def db(self) -> sqlite3.Connection:
        """Raises FileAwayError while nothing is open."""
        if self._connection is None:
            raise FileAwayError("the job view's file is not open")
        return self._connection

    @property
    def size_bytes(self) -> int:
        """Of the file and what SQLite has beside it; 0 in memory. From any thread: it asks the disk alone."""
        return 0 if self._path == MEMORY else sum(map(_size, self._files()))

    def open(self) -> None:
        """Open what is there if it can be trusted, else begin anew; nothing where it is open.

        Raises sqlite3.DatabaseError that is not `damaged`, and then what is there stays as it is.
        """
        if self._connection is not None:
            return
        try:
            if self._path != MEMORY:
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connected(self._path)
            doubt = _doubt(self._connection)
            if doubt is None:
                return
        except OSError as error:
            raise FileAwayError("the job view's folder cannot be made") from error
        except sqlite3.DatabaseError as error:
            if not damaged(error):
                self.close()
                raise
            doubt = str(error)
        if doubt:
            _log.info("view_made_anew", reason=doubt)
        self.discard()

    def discard(self) -> None:
        """Begin anew, empty. Raises sqlite3.DatabaseError where that fails; the next `open` begins anew then."""
        self.close()
        try:
            if self._path != MEMORY:
                for file in self._files():
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise FileAwayError("the job view's file cannot be removed") from error
        made = _connected(self._path)
        try:
            made.executescript(_SCHEMA)
            made.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            made.execute("INSERT INTO boot VALUES (?)", (_boot_id(),))  # last: a file made in part is not trusted
        except sqlite3.DatabaseError:
            made.close()
            raise
        self._connection = made

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _files(self) -> Sequence[Path]:
        return [Path(f"{self._path}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]


def _connected(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=LOCKED_SECONDS, isolation_level=None)
    try:
        if db.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            # Before there is a WAL, so that it stands in the file's own first page.
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -32768")  # KiB; recent jobs are the ones that are asked for
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _doubt(db: sqlite3.Connection) -> str | None:
    """Why what is there cannot be trusted; empty where nothing is there yet."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        return "its schema is another release's" if version else ""
    if db.execute("SELECT id FROM boot").fetchall() != [(_boot_id(),)]:
        return "the machine was started since, and the file is not written durably"
    return None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # not there, or no longer
        return 0


def _may_be_ours(path: Path) -> bool:
    """Nothing yet, a view, or a file of ours that never reached the disk whole: empty, or zeros where it begins."""
    try:
        if not path.exists():
            return True
        if not path.is_file():
            return False
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError:  # told as such when it is opened
        return True
    return not any(header) or header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def _code(error: sqlite3.DatabaseError) -> int | None:
    """The primary code of an error of SQLite's own; None of one that Python's module raises for itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _boot_id() -> str:
    """Names the machine's present run; where there is no such name, each opening counts as a new one."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return uuid4().hex
