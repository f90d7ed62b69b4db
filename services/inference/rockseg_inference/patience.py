"""Waiting for a store or a log that is away (design §6)."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import TransientError
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.settings import WorkerSettings
from rockseg_inference.waits import Waits

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[object]]


class OutOfTimeError(Exception):
    """The job expired while a part was away."""


class HurriedError(Exception):
    """The worker drains: it waits for no part that is away."""


class TiredError(Exception):
    """A part was away for as long as this step may wait for it."""


def _nobody(_waiting: bool) -> None:
    """For steps that belong to no job."""


@contextmanager
def _told(listener: Callable[[bool], None]) -> Iterator[None]:
    listener(True)
    try:
        yield
    finally:
        listener(False)


class Patience:
    """Tries a step again while it raises TransientError: exponential backoff with jitter, up to a time of day.

    `sleep` and `jitter` (0 to 1) are handed in, so that a test takes no time. All else that a step raises passes.
    """

    def __init__(
        self,
        clock: Clock,
        limits: WorkerSettings,
        metrics: WorkerMetrics,
        *,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock, self._limits, self._waits = clock, limits, Waits(clock, metrics)
        self._sleep, self._jitter = sleep, jitter
        self._hurried = asyncio.Event()
        self._listener: ContextVar[Callable[[bool], None]] = ContextVar("listener", default=_nobody)
        self._most: ContextVar[float] = ContextVar("most", default=math.inf)

    def hurry(self) -> None:
        """From now on a step has one try; who waits stops waiting."""
        self._hurried.set()

    async def __call__(self, step: str, attempt: Callable[[], Awaitable[T]], *, until: float = math.inf) -> T:
        """What `attempt` returns.

        Raises OutOfTimeError at `until` (epoch seconds), HurriedError when hurried, TiredError where `limited`.
        """
        try:
            got = await self._within(until, attempt)
        except TransientError as error:
            self._waits.failed(step, error)
        else:
            self._waits.went_on(step)  # another delivery, or this one before it was put back, may have waited
            return got
        with _told(self._listener.get()):
            return await self._again(step, attempt, until)

    @contextmanager
    def telling(self, listener: Callable[[bool], None]) -> Iterator[None]:
        """Within, and in the tasks begun there, `listener` hears True when a step begins to wait, False at its end."""
        token = self._listener.set(listener)
        try:
            yield
        finally:
            self._listener.reset(token)

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Within, and in the tasks begun there, no step waits for longer."""
        token = self._most.set(min(seconds, self._most.get()))
        try:
            yield
        finally:
            self._most.reset(token)

    async def _again(self, step: str, attempt: Callable[[], Awaitable[T]], until: float) -> T:
        longest = self._limits.backoff_first_seconds
        tired_at = self._clock.now() + self._most.get()
        while True:
            left = until - self._clock.now()
            if left <= 0:
                raise OutOfTimeError
            if self._hurried.is_set():
                raise HurriedError
            patient = tired_at - self._clock.now()
            if patient <= 0:
                raise TiredError
            await self._pause(min(left, patient, longest * (0.5 + self._jitter() / 2)))
            longest = min(longest * 2, self._limits.backoff_most_seconds)
            try:
                got = await self._within(until, attempt)
            except TransientError as error:
                self._waits.failed(step, error)
            else:
                self._waits.went_on(step)
                return got

    async def _within(self, until: float, attempt: Callable[[], Awaitable[T]]) -> T:
        """One try, which ends at `until`, so that a store that drips takes no longer; what begins later has its time.

        Raises OutOfTimeError.
        """
        left = until - self._clock.now()
        time = asyncio.timeout(left if 0 < left < math.inf else None)
        try:
            async with time:
                return await attempt()
        except TimeoutError as error:
            if time.expired():
                raise OutOfTimeError from error
            raise

    async def _pause(self, seconds: float) -> None:
        asleep = asyncio.ensure_future(self._sleep(seconds))
        hurried = asyncio.ensure_future(self._hurried.wait())
        try:
            await asyncio.wait({asleep, hurried}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()
            hurried.cancel()
