from typing_extensions import override

from rockseg_core.domain.clock import Clock


class FakeClock(Clock):
    """Time that stands until a test moves it; epoch seconds."""

    def __init__(self, now_seconds: float = 1_760_000_000.0) -> None:
        self.now_seconds = now_seconds

    @override
    def now(self) -> float:
        return self.now_seconds

    def advance(self, seconds: float) -> None:
        self.now_seconds += seconds
