"""The embedded log and store: a SQLite file and a folder, for one process."""

from rockseg_core.adapters.local.data import RETENTION_SECONDS, LocalData

__all__ = ["RETENTION_SECONDS", "LocalData"]
