"""The worker: takes deliveries while it may, runs many at once, and leaves none half said."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from rockseg_core.domain.clock import Clock
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import TransientError
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.ports.log import JobLog
from rockseg_core.ports.segmenter import Segmenter
from rockseg_core.ports.store import ObjectStore
from rockseg_inference.announce import announce_model
from rockseg_inference.batcher import Batcher
from rockseg_inference.exits import ExitReason
from rockseg_inference.faults import FaultJudge, WorkerAtFaultError, described
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.objects import JobObjects
from rockseg_inference.outcomes import Outcomes
from rockseg_inference.patience import HurriedError, Patience, Sleep
from rockseg_inference.pipeline import Pipeline
from rockseg_inference.run_job import RunJob
from rockseg_inference.settings import WorkerSettings

logger = structlog.get_logger(__name__)

_CLOSE_SECONDS: Final = 10.0  # to commit a last time; a log that is away must not hold up the exit

_LOOKS_A_BATCH: Final = 20  # a hang is noticed a twentieth late


class Worker:
    """Everything that a worker does, on its ports. `sleep` and `jitter` are for tests of its patience."""

    def __init__(
        self,
        *,
        deliveries: DeliverySource,
        store: ObjectStore,
        log: JobLog,
        segmenter: Segmenter,
        clock: Clock,
        keys: ObjectKeys,
        metrics: WorkerMetrics,
        limits: WorkerSettings,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._deliveries, self._store, self._segmenter, self._keys = deliveries, store, segmenter, keys
        self._metrics, self._limits = metrics, limits
        self._patience = Patience(clock, limits, metrics, sleep=sleep, jitter=jitter)
        self._batcher = Batcher(segmenter, limits, metrics)
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="rockseg-photo")
        objects = JobObjects(store, keys, self._patience)
        self._run_job = RunJob(
            deliveries,
            objects,
            Pipeline(segmenter, self._batcher, objects, self._threads, limits, metrics),
            Outcomes(log, clock, self._patience, metrics, segmenter.ref),
            FaultJudge(self._batcher, limits.self_test_seconds, metrics),
            self._patience,
            clock,
            limits.max_attempts,
            metrics,
        )
        self._slots = asyncio.Semaphore(limits.jobs_in_flight)
        self._running: set[asyncio.Task[None]] = set()
        self._draining, self._faulted = asyncio.Event(), asyncio.Event()
        self._reason = ExitReason.DRAINED
        self._lost: Collection[Delivery] = ()

    def drain(self) -> None:
        """Start nothing more, end what runs within `drain_seconds`, and let `run` return; for a SIGTERM."""
        if not self._draining.is_set():
            self._metrics.exits.labels(ExitReason.DRAINED.value).inc()
        logger.info("draining", jobs=len(self._running))
        self._draining.set()
        self._deliveries.stop()
        self._patience.hurry()

    async def run(self) -> ExitReason:
        """Until `drain` was called, or this machine is at fault."""
        ref = self._segmenter.ref
        self._metrics.name_build(model=ref.name, model_version=ref.version, device=self._segmenter.device)
        self._batcher.start()
        receiving, watching = asyncio.ensure_future(self._receive()), asyncio.ensure_future(self._watch_device())
        try:
            await self._until(receiving, self._draining.wait())
            if self._running:
                await self._until(asyncio.wait(self._running), seconds=self._limits.drain_seconds)
        finally:
            await self._leave(receiving, watching)
        logger.info("worker ended", reason=self._reason.value, exit_code=self._reason.code)
        return self._reason

    async def _until(self, *events: Awaitable[object], seconds: float | None = None) -> None:
        """Wait for one of `events`; a fault of the worker ends every wait."""
        tasks = [asyncio.ensure_future(event) for event in (*events, self._faulted.wait())]
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _receive(self) -> None:
        try:
            await announce_model(self._store, self._keys, self._segmenter, self._patience)
            while True:
                await self._slots.acquire()
                delivery = await self._patience("receive", self._deliveries.receive)
                if delivery is None or self._draining.is_set():
                    return
                job = asyncio.ensure_future(self._job(delivery))
                self._running.add(job)
                job.add_done_callback(self._running.discard)
        except HurriedError:
            return
        except Exception as error:  # noqa: BLE001  # a worker that cannot receive must end, and say of what
            self._give_up(ExitReason.CANNOT_RECEIVE, error)

    async def _watch_device(self) -> None:
        """A device that hangs raises nothing, and one whose thread is gone answers nothing: their jobs would wait until
        they expire. What was on it may be what did it, so that counts, as if the process had crashed.
        """
        seconds = self._limits.forward_seconds
        while self._batcher.busy_seconds() <= seconds:
            error = await self._batcher.stopped(seconds / _LOOKS_A_BATCH)
            if error is not None:
                self._give_up(ExitReason.DEVICE_STOPPED, error, self._batcher.owners())
                return
        self._give_up(ExitReason.DEVICE_HANGS, TimeoutError(), self._batcher.owners())

    async def _job(self, delivery: Delivery) -> None:
        with self._metrics.in_flight.track_inprogress():
            try:
                await self._run_job(delivery)
            except WorkerAtFaultError as error:
                self._give_up(ExitReason.SELF_TEST_FAILED, error)
            except Exception as error:  # noqa: BLE001  # a bug of ours: released, not lost, by leaving
                self._give_up(ExitReason.CANNOT_SETTLE, error)
            finally:
                self._slots.release()

    def _give_up(self, reason: ExitReason, error: BaseException, lost: Collection[Delivery] = ()) -> None:
        """`lost` counts as tried; the first reason stands."""
        counted = [(delivery.position.partition, delivery.position.offset) for delivery in lost]
        logger.critical("worker at fault", reason=reason.value, counted=counted, **described(error))
        if not self._faulted.is_set():
            self._metrics.exits.labels(reason.value).inc()
            self._reason, self._lost = reason, lost
            self._faulted.set()

    async def _leave(self, *tasks: asyncio.Future[None]) -> None:
        """What runs is released with its attempt, unless it is lost; then out of the group, and the threads end."""
        left = [*tasks, *self._running]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._deliveries.close(self._lost)
        except (TransientError, TimeoutError) as error:
            logger.warning("could not release", **described(error))
        await self._batcher.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
