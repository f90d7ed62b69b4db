"""Who waits for a part that is away, for the metrics and the log."""

import math
from typing import Final

import structlog

from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import TransientError
from rockseg_inference.metrics import WorkerMetrics

logger = structlog.get_logger(__name__)

SAY_SECONDS: Final = 60.0


class Waits:
    """Counts each failed try. A step is warned of when it first fails and then once a minute, however many jobs are at
    it; and when it goes on, that is said too.
    """

    def __init__(self, clock: Clock, metrics: WorkerMetrics) -> None:
        self._clock, self._metrics = clock, metrics
        self._said_at: dict[str, float] = {}
        self._waiting: set[str] = set()

    def failed(self, step: str, error: TransientError) -> None:
        self._metrics.waits.labels(step, error.code).inc()
        now = self._clock.now()
        if 0 <= now - self._said_at.get(step, -math.inf) < SAY_SECONDS:  # a clock may be set back
            return
        self._said_at[step] = now
        self._waiting.add(step)
        logger.warning("waiting", step=step, code=error.code, reason=error.reason or error.sentence)

    def went_on(self, step: str) -> None:
        """A try succeeded, whosever failed before it."""
        if step in self._waiting:
            self._waiting.remove(step)
            logger.info("going on", step=step)
