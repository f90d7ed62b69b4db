"""One delivery, from its hand-over to its acknowledged outcome (design §4 and §6)."""

import asyncio
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Final

import structlog

from rockseg_core.domain import trace
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import FatalError, PhotoGoneError, UsageError
from rockseg_core.domain.job import JobError
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_inference.endings import CRASHED, INTERNAL, KNOWN, UNDECODABLE, Ending, Outcome, undecodable
from rockseg_inference.faults import FaultJudge, WorkerAtFaultError, described
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.objects import JobObjects
from rockseg_inference.outcomes import Outcomes
from rockseg_inference.patience import HurriedError, OutOfTimeError, Patience, TiredError
from rockseg_inference.pipeline import Pipeline

logger = structlog.get_logger(__name__)

SUSPECT_SECONDS: Final = 3.0  # that a suspect, beside which nothing runs, waits for a part that is away


class RunJob:
    """Runs one delivery at a time per call; many calls run at once and share the pipeline."""

    def __init__(
        self,
        deliveries: DeliverySource,
        objects: JobObjects,
        pipeline: Pipeline,
        outcomes: Outcomes,
        judge: FaultJudge,
        patience: Patience,
        clock: Clock,
        max_attempts: int,
        metrics: WorkerMetrics,
    ) -> None:
        self._deliveries, self._objects, self._pipeline = deliveries, objects, pipeline
        self._outcomes, self._judge, self._patience = outcomes, judge, patience
        self._clock, self._max_attempts, self._metrics = clock, max_attempts, metrics
        for ending in KNOWN:  # at 0 from the start: an increase sees no first count that comes with the series itself
            metrics.jobs.labels(*ending)

    async def __call__(self, delivery: Delivery) -> None:
        """Raises WorkerAtFaultError: then nothing was said of the job, and nothing counts."""
        if delivery.suspect:
            self._metrics.repeats.inc()
        # Of this task alone, and of the tasks and threads that it starts.
        traceparent = trace.accepted(delivery.traceparent)
        trace.current.set(traceparent)
        structlog.contextvars.bind_contextvars(trace_id=trace.trace_id(traceparent))
        with self._patience.telling(partial(self._deliveries.note_waiting, delivery)):
            await self._end(delivery)

    async def _end(self, delivery: Delivery) -> None:
        try:
            ending = await self._settle(delivery)
            if ending.outcome is Outcome.RETRIED:
                await self._patience("retry", lambda: self._deliveries.retry(delivery))
            else:
                await self._patience("acknowledge", lambda: self._deliveries.acknowledge(delivery))
        except HurriedError:
            ending = Ending(Outcome.RELEASED, "draining")
        except TiredError:
            await self._deliveries.put_back(delivery)
            ending = Ending(Outcome.RELEASED, "part_away")
        except asyncio.CancelledError:
            self._note(delivery, Ending(Outcome.RELEASED, "stopped"))
            raise
        self._note(delivery, ending)

    def _note(self, delivery: Delivery, ending: Ending) -> None:
        self._metrics.jobs.labels(ending.outcome, ending.reason).inc()
        logger.info(
            "job ended",
            outcome=ending.outcome.value,
            reason=ending.reason,
            attempt=delivery.attempt,
            **_facts(delivery),
        )

    async def _settle(self, delivery: Delivery) -> Ending:
        request = delivery.request
        if request is None:
            await self._write_letter(delivery, undecodable(delivery))
            return Ending(Outcome.UNDECODABLE, UNDECODABLE.code)
        try:
            return await self._settle_or_expire(delivery, request)
        except (HurriedError, TiredError, WorkerAtFaultError):
            raise
        except Exception as error:  # noqa: BLE001  # it would end worker after worker: nothing counts that as a try
            logger.critical("job cannot be settled", **_facts(delivery), **described(error))
            return await self._abandon(delivery, request)

    async def _settle_or_expire(self, delivery: Delivery, request: JobRequest) -> Ending:
        if self._clock.now() >= request.expires_at:
            return await self._expire(request)
        try:
            if delivery.attempt > self._max_attempts:
                return await self._bury(delivery, request, None, CRASHED)
            return await self._run(delivery, request)
        except OutOfTimeError:
            return await self._expire(request)

    async def _expire(self, request: JobRequest) -> Ending:
        """The API has swept an expired job by now, or will. What was put after that is ours to delete; one try."""
        with suppress(OutOfTimeError):
            await self._objects.sweep(request)
        return Ending(Outcome.EXPIRED)

    async def _run(self, delivery: Delivery, request: JobRequest) -> Ending:
        """Work while `started` is on its way to the log; what ends the job is published after it."""
        started_at = self._clock.now()
        started = asyncio.ensure_future(self._outcomes.started(delivery, request, started_at))
        try:
            return await self._segment(delivery, request, started_at, started)
        except PhotoGoneError:
            return await self._forget(delivery, request, started_at)
        except (OutOfTimeError, HurriedError, TiredError):
            raise
        except UsageError as error:
            await _said(started)
            await self._outcomes.failed(delivery, request, started_at, JobError(error.code, error.sentence))
            return Ending(Outcome.FAILED, error.code)
        except Exception as error:  # noqa: BLE001  # whatever a segmenter or a bug of ours raises is judged here
            logger.warning("fault", attempt=delivery.attempt, **_facts(delivery), **described(error))
            await self._judge.acquit_worker()
            if delivery.attempt < self._max_attempts:
                return Ending(Outcome.RETRIED, INTERNAL.code)
            await _said(started)
            return await self._bury(delivery, request, started_at, INTERNAL)
        finally:
            started.cancel()
            await asyncio.gather(started, return_exceptions=True)

    async def _segment(
        self, delivery: Delivery, request: JobRequest, started_at: float, started: asyncio.Future[None]
    ) -> Ending:
        with self._brief(delivery):
            results = await self._pipeline(delivery, request)
            began = time.perf_counter()
            keys = await self._objects.put(request, results)
        self._metrics.stage_seconds.labels("put").observe(time.perf_counter() - began)
        await started
        await self._outcomes.finished(delivery, request, started_at, keys)
        return Ending(Outcome.FINISHED)

    async def _bury(self, delivery: Delivery, request: JobRequest, started_at: float | None, error: JobError) -> Ending:
        try:
            with self._brief(delivery):
                await self._objects.look(request)
        except PhotoGoneError:  # of an erased job nobody shall find a letter
            return await self._forget(delivery, request, started_at)
        await self._write_letter(delivery, error)
        await self._outcomes.failed(delivery, request, started_at, error)
        return Ending(Outcome.FAILED, error.code)

    async def _write_letter(self, delivery: Delivery, error: JobError) -> None:
        with self._brief(delivery):
            await self._outcomes.dead_letter(delivery, error)

    async def _forget(self, delivery: Delivery, request: JobRequest, started_at: float | None) -> Ending:
        """The photo is gone: the job was erased, nearly always.

        An erasure stands in the log before its photo goes, and is final: what is said after it counts for nothing.
        Where there was none, such as after a file deleted by hand, the client hears of it, and need not wait for the
        end of the job's time.
        """
        with self._brief(delivery):
            await self._objects.forget(request)
        await self._outcomes.gone(delivery, request, started_at)
        return Ending(Outcome.ERASED)

    def _brief(self, delivery: Delivery) -> AbstractContextManager[None]:
        return self._patience.limited(SUSPECT_SECONDS) if delivery.suspect else nullcontext()

    async def _abandon(self, delivery: Delivery, request: JobRequest) -> Ending:
        """Of a job that cannot be ended as it should: a letter, and as much as can be said to the client."""
        try:
            await self._write_letter(delivery, INTERNAL)
            await self._outcomes.failed(delivery, request, None, INTERNAL)
        except OutOfTimeError:
            return Ending(Outcome.EXPIRED)
        except FatalError as error:  # no event of it can be written; the letter stands
            logger.critical("client cannot be told", **_facts(delivery), **described(error))
        return Ending(Outcome.FAILED, INTERNAL.code)


async def _said(started: asyncio.Future[None]) -> None:
    """Until `started` stands in the log; where none could be written, that is no reason to withhold the end."""
    with suppress(FatalError):
        await started


def _facts(delivery: Delivery) -> dict[str, str | int]:
    """What the log says of a delivery: ids only, nothing that a client wrote."""
    facts: dict[str, str | int] = {"partition": delivery.position.partition, "offset": delivery.position.offset}
    if delivery.request is not None:
        facts |= {"job_id": str(delivery.request.job_id), "tenant": delivery.request.tenant}
    return facts
