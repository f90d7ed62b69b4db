from typing import Final, Self

from rockseg_api.http.problems import RefusedError

_FULL: Final = "As many bytes of photos as may be are being uploaded; try again."


class UploadMemory:
    """Counts the bytes that uploads hold in this process, and refuses beyond a limit instead of growing."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self.held_bytes = 0

    def lease(self, announced_bytes: int = 0) -> "UploadLease":
        """For one upload; raises RefusedError `uploads_busy` when what it announces would not fit now.

        What is announced is not held: a client that says much and sends little keeps nobody out.
        """
        if self.held_bytes + announced_bytes > self._limit:
            raise RefusedError("uploads_busy", _FULL)
        return UploadLease(self)

    def hold(self, count: int) -> None:
        if self.held_bytes + count > self._limit:
            raise RefusedError("uploads_busy", _FULL)
        self.held_bytes += count

    def release(self, count: int) -> None:
        self.held_bytes -= count


class UploadLease:
    """What one upload holds, from its first byte until its answer is made."""

    def __init__(self, memory: UploadMemory) -> None:
        self._memory = memory
        self._held = 0

    def hold(self, count: int) -> None:
        """Raises RefusedError `uploads_busy`."""
        self._memory.hold(count)
        self._held += count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.release(self._held)
        self._held = 0
