"""The embedded log's file: its tables, and the two ways to open it."""

import sqlite3
from pathlib import Path
from typing import Final

from rockseg_core.domain.errors import SettingsError

VERSION: Final = 1
BUSY_SECONDS: Final = 1.0  # how long a write waits for somebody's sqlite3 shell

TABLES: Final = """
CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    key BLOB, value BLOB, note TEXT, appended_at REAL NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE TABLE IF NOT EXISTS partitions (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, appended_at REAL NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits (
    partition INTEGER PRIMARY KEY, "offset" INTEGER NOT NULL, metadata TEXT NOT NULL
);
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Durable: each commit is fsynced (synchronous=FULL in WAL mode). Transactions are the caller's."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {64 << 20}")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        connection.close()
        raise SettingsError("the data folder was written by a newer rockseg: use that one, or another folder")
    connection.executescript(TABLES)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, check_same_thread=False
    )
