import math
import time
from collections.abc import Callable


class TokenBuckets:
    """One token bucket per name: `rate` tokens a second, at most `burst` saved up. Names are as few as API keys."""

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> int:
        """Take a token and return 0; or return the whole seconds after which one will be there, and take none."""
        now = self._monotonic()
        tokens, at = self._left.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        if tokens >= 1.0:
            self._left[name] = (tokens - 1.0, now)
            return 0
        self._left[name] = (tokens, now)
        return max(1, math.ceil((1.0 - tokens) / self._rate))
