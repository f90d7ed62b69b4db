"""What a worker says of a job on the log; waits out a log that is away until the job expires."""

import math
from typing import Final

from rockseg_core.domain.clock import Clock
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import PhotoGoneError
from rockseg_core.domain.job import JobError, JobStatus, ModelRef
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.log import JobLog
from rockseg_inference.answer import answer
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.objects import ResultKeys
from rockseg_inference.patience import Patience

GONE: Final = JobError(PhotoGoneError.code, "The photo is no longer in the store; please submit it again.")
MOST_CHARACTERS: Final = 300
"""Of a sentence in an event, so that no `failed` is too large for the log whatever else it holds."""

LETTER_SECONDS: Final = 15.0  # that a job holds its place, and holds up others, for a letter that is not taken


class Outcomes:
    """Publishes the events of deliveries, each with the time at which it is published."""

    def __init__(self, log: JobLog, clock: Clock, patience: Patience, metrics: WorkerMetrics, model: ModelRef) -> None:
        self._log, self._clock, self._patience = log, clock, patience
        self._metrics, self._model = metrics, model

    async def started(self, delivery: Delivery, request: JobRequest, started_at: float) -> None:
        self._metrics.queue_seconds.observe(max(0.0, started_at - request.accepted_at))
        await self._publish(answer(delivery, request, JobStatus.STARTED, started_at, started_at=started_at))

    async def finished(self, delivery: Delivery, request: JobRequest, started_at: float, results: ResultKeys) -> None:
        now = self._clock.now()
        await self._publish(
            answer(
                delivery,
                request,
                JobStatus.FINISHED,
                now,
                started_at=started_at,
                results=results,
                model=self._model,
            )
        )
        self._metrics.job_seconds.observe(max(0.0, now - request.accepted_at))

    async def failed(self, delivery: Delivery, request: JobRequest, started_at: float | None, error: JobError) -> None:
        now = self._clock.now()
        told = JobError(error.code, error.sentence[:MOST_CHARACTERS])
        await self._publish(answer(delivery, request, JobStatus.FAILED, now, started_at=started_at, error=told))
        self._metrics.job_seconds.observe(max(0.0, now - request.accepted_at))

    async def gone(self, delivery: Delivery, request: JobRequest, started_at: float | None) -> None:
        """The job failed for want of its photo. It counts unless the job was erased, so it is no job's duration."""
        now = self._clock.now()
        await self._publish(answer(delivery, request, JobStatus.FAILED, now, started_at=started_at, error=GONE))

    async def dead_letter(self, delivery: Delivery, error: JobError) -> None:
        """Keep the request for someone to look at. Before its `failed`: who sees that finds this.

        Raises TiredError in the end: the topic has rights and leaders of its own, and may refuse while others do not.
        """
        until = delivery.request.expires_at if delivery.request else math.inf
        with self._patience.limited(LETTER_SECONDS):
            await self._patience("dead_letter", lambda: self._log.publish_dead_letter(delivery, error), until=until)

    async def _publish(self, event: JobEvent) -> None:
        await self._patience("publish", lambda: self._log.publish_event(event), until=event.expires_at)
