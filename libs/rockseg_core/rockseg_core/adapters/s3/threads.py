"""Blocking calls in as many threads as there are slots, each of which the event loop can leave at any moment."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from rockseg_core.adapters.s3.call import Call
from rockseg_core.adapters.s3.faults import FAULTS, translated, worth_another_try
from rockseg_core.adapters.s3.profile import Profile
from rockseg_core.domain.errors import StoreBusyError, StoreUnavailableError

CLOSE_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.3  # what takes longer to mend, the caller waits for

T = TypeVar("T")


class Threads:
    """A slot is taken before a call begins and given back when its *thread* is done, however its caller ended."""

    def __init__(self, count: int, profile: Profile) -> None:
        self._count, self._profile = count, profile
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="rockseg-s3")
        self._slots = asyncio.Semaphore(count)
        self._calls: set[Call] = set()
        self._closed = False

    async def run(self, work: Callable[[], T], *, transfer: bool = False) -> T:
        """What `work` returns. Of FAULTS, raises the translation; StoreBusyError where no slot is free in time.

        `transfer`: it moves a whole object, which takes as long as the link makes it. Whether a call that ran out of
        time, or was cancelled, did its work is not known.
        """
        try:
            async with asyncio.timeout(self._profile.seconds(transfer=transfer)):
                await self._take_slot()
                return await self._in_thread(work)
        except TimeoutError as error:
            raise StoreUnavailableError("The object store took too long.") from error

    async def close(self) -> None:
        """Waits a moment for what is under way, then abandons it; no thread is left."""
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                for _ in range(self._count):
                    await self._slots.acquire()
        except TimeoutError:
            for call in self._calls:
                call.abandon()
        await asyncio.to_thread(self._pool.shutdown)
        for _ in range(self._count):  # who still waits for a slot hears that there is none any more
            self._slots.release()

    async def _take_slot(self) -> None:
        try:
            async with asyncio.timeout(self._profile.slot_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise StoreBusyError("The object store is busy; try again shortly.") from error

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._closed:
            self._slots.release()
            raise StoreUnavailableError("The object store is closed.")
        call = Call(self._profile.stall_seconds)
        self._calls.add(call)
        future = self._pool.submit(self._attempt, call, work)
        future.add_done_callback(partial(self._when_done, asyncio.get_running_loop(), call))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            call.abandon()
            raise

    def _when_done(self, loop: asyncio.AbstractEventLoop, call: Call, _future: "Future[T]") -> None:
        with suppress(RuntimeError):  # the loop is closed, and with it whoever wanted a slot
            loop.call_soon_threadsafe(self._give_back, call)

    def _give_back(self, call: Call) -> None:
        self._calls.discard(call)
        self._slots.release()

    def _attempt(self, call: Call, work: Callable[[], T]) -> T:
        with call.in_this_thread():
            left = self._profile.tries
            while True:
                left -= 1
                try:
                    return work()
                except FAULTS as error:
                    if left == 0 or call.abandoned or not worth_another_try(error):
                        raise translated(error) from error
                call.pause(PAUSE_SECONDS)
