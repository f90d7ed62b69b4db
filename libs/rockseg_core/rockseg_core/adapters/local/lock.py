import fcntl
import os
from pathlib import Path

from rockseg_core.domain.errors import DataFolderBusyError


class FolderLock:
    """One process has a data folder. The lock is flock's: the kernel drops it with its owner, kill -9 included."""

    def __init__(self, folder: Path) -> None:
        """Raises DataFolderBusyError where another process, or another LocalData of this one, has the folder."""
        # A bare descriptor, no file object: the lock must not go with a reference that somebody dropped.
        self._descriptor: int | None = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise DataFolderBusyError("another rockseg process is using this data folder") from None

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
