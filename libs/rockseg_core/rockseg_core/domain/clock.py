import time
from typing import Protocol

from typing_extensions import override


class Clock(Protocol):
    """Wall-clock time; injected, so that a test can move it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class SystemClock(Clock):
    @override
    def now(self) -> float:
        return time.time()
