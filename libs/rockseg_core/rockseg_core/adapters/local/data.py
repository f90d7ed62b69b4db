from pathlib import Path
from typing import Final

from rockseg_core.adapters.local.deliveries import LocalDeliverySource
from rockseg_core.adapters.local.durable import make_private_folder
from rockseg_core.adapters.local.feed import LocalFeed
from rockseg_core.adapters.local.jobs import LocalJobLog
from rockseg_core.adapters.local.lifecycle import Lifecycle
from rockseg_core.adapters.local.lock import FolderLock
from rockseg_core.adapters.local.log import EmbeddedLog
from rockseg_core.adapters.local.store import LocalStore
from rockseg_core.domain.clock import Clock

# Twice the longest lifetime that a job may have (design §5), whatever it is now: one that was accepted under a longer
# lifetime must not fall out of the log.
RETENTION_SECONDS: Final = 2 * 7 * 24 * 3600.0


class LocalData:
    """The data folder of `rockseg up`: the log, the objects, and the lock that keeps other processes out."""

    def __init__(
        self, folder: Path, clock: Clock, partitions: int, window: int, retention_seconds: float, object_prefix: str
    ) -> None:
        make_private_folder(folder)
        self._lock = FolderLock(folder)
        try:
            objects = folder / "objects"
            make_private_folder(objects)
            self.store = LocalStore(objects)
            self._records = EmbeddedLog(folder / "log.sqlite3", clock, partitions, retention_seconds)
        except BaseException:
            self._lock.release()
            raise
        self._lifecycle = Lifecycle(self.store, clock, object_prefix)
        self.log = LocalJobLog(self._records)
        self.feed = LocalFeed(self._records)
        self._window = window
        self._source: LocalDeliverySource | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Clock,
        partitions: int = 1,
        window: int = 8,
        retention_seconds: float = RETENTION_SECONDS,
        object_prefix: str = "",
    ) -> "LocalData":
        """Open the folder, made with mode 0700 where it is new. Synchronous: milliseconds, and no event loop needed.

        `partitions` may grow from one opening to the next; `window` is of deliveries in flight a partition. Raises
        DataFolderBusyError where another process has it, SettingsError where a newer version wrote it, OSError where
        the folder cannot be made, and LogUnavailableError where the log cannot be opened.
        """
        return cls(folder, clock, partitions, window, retention_seconds, object_prefix)

    def deliveries(self) -> LocalDeliverySource:
        """Become the log's worker; one at a time. What a vanished process left comes back with its attempts counted."""
        if self._source is not None and not self._source.closed:
            raise RuntimeError("the embedded log has one source of deliveries at a time")
        self._source = LocalDeliverySource(self._records, self._window)
        return self._source

    async def close(self) -> None:
        """Close the source, write what was submitted, and let the folder go."""
        try:
            if self._source is not None:
                await self._source.close()
        finally:  # whoever closes in a hurry must not leave the folder locked
            await self._records.close()
            self._lifecycle.stop()
            self.store.close()
            self._lock.release()
