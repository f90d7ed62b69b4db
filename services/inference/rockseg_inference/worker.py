"""The worker: takes deliveries while it may, runs many at once, and leaves none half said."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
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


class ExitReason(IntEnum):
    """Why `run` returned, as the exit code of a process (70 is EX_SOFTWARE of sysexits.h)."""

    DRAINED = 0
    WORKER_AT_FAULT = 70


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

    def drain(self) -> None:
        """Start nothing more, end what runs within `drain_seconds`, and let `run` return; for a SIGTERM."""
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
        reason = ExitReason.WORKER_AT_FAULT if self._faulted.is_set() else ExitReason.DRAINED
        self._metrics.exits.labels(reason.name.lower()).inc()
        logger.info("worker ended", reason=reason.name.lower(), exit_code=reason.value)
        return reason

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
            self._give_up("cannot receive", error)

    async def _watch_device(self) -> None:
        """A device that hangs raises nothing: without this its jobs would wait until they expire."""
        while self._batcher.busy_seconds() <= self._limits.forward_seconds:  # noqa: ASYNC110  # hangs signal nothing
            await asyncio.sleep(self._limits.forward_seconds / _LOOKS_A_BATCH)
        self._give_up("the device hangs", TimeoutError())

    async def _job(self, delivery: Delivery) -> None:
        with self._metrics.in_flight.track_inprogress():
            try:
                await self._run_job(delivery)
            except WorkerAtFaultError as error:
                self._give_up("self-test failed", error)
            except Exception as error:  # noqa: BLE001  # a bug of ours: released, not lost, by leaving
                self._give_up("job could not be settled", error)
            finally:
                self._slots.release()

    def _give_up(self, reason: str, error: Exception) -> None:
        logger.critical("worker at fault", reason=reason, **described(error))
        self._faulted.set()

    async def _leave(self, *tasks: asyncio.Future[None]) -> None:
        """What runs is released with its attempt; then out of the group, and the threads end."""
        left = [*tasks, *self._running]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._deliveries.close()
        except (TransientError, TimeoutError) as error:
            logger.warning("could not release", **described(error))
        await self._batcher.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
