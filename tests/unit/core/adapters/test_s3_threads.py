"""Slots and threads without a store: what may go wrong between an event loop and a pool."""

import asyncio
import threading
from dataclasses import replace

import pytest

from rockseg_core.adapters.s3.profile import API_PROFILE
from rockseg_core.adapters.s3.threads import Threads
from rockseg_core.domain.errors import ObjectMissingError, StoreBusyError, StoreUnavailableError

QUICK = replace(API_PROFILE, total_seconds=30.0, slot_seconds=0.05)
DEADLINE_SECONDS = 20.0


class Blocked:
    """Work that ends when the test says so, whatever becomes of its caller."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.end.wait(DEADLINE_SECONDS)
        return "done"


async def begun(blocked: Blocked) -> None:
    assert await asyncio.to_thread(blocked.begun.wait, DEADLINE_SECONDS)


async def test_a_cancelled_caller_keeps_its_slot_until_its_thread_is_done() -> None:
    threads, blocked = Threads(1, QUICK), Blocked()
    calling = asyncio.create_task(threads.run(blocked))
    await begun(blocked)
    calling.cancel()
    await asyncio.wait([calling])
    assert calling.cancelled()
    with pytest.raises(StoreBusyError):
        await threads.run(str)
    blocked.end.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                assert await threads.run(lambda: "free") == "free"
                break
            except StoreBusyError:
                continue
    await threads.close()


async def test_a_caller_that_runs_out_of_time_is_answered_while_its_thread_still_runs() -> None:
    threads, blocked = Threads(1, replace(QUICK, total_seconds=0.5)), Blocked()
    with pytest.raises(StoreUnavailableError) as caught:
        await threads.run(blocked)
    assert caught.value.code == "store_unavailable"
    with pytest.raises(StoreBusyError):
        await threads.run(str)
    blocked.end.set()
    await threads.close()


async def test_a_caller_cancelled_while_it_waits_for_a_slot_takes_none() -> None:
    threads, blocked = Threads(1, replace(QUICK, slot_seconds=None)), Blocked()
    first = asyncio.create_task(threads.run(blocked))
    await begun(blocked)
    waiting = [asyncio.create_task(threads.run(lambda: "late")) for _ in range(5)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    last = asyncio.create_task(threads.run(lambda: "last"))
    blocked.end.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert [await first, await last] == ["done", "last"]
    await threads.close()


async def test_a_slot_comes_back_after_every_kind_of_end() -> None:
    threads = Threads(1, QUICK)

    def fail(error: Exception) -> None:
        raise error

    for error, seen in (
        (OSError("no"), StoreUnavailableError),
        (ValueError("no"), StoreUnavailableError),
        (ObjectMissingError(), ObjectMissingError),
        (AssertionError("a bug"), AssertionError),
    ):
        with pytest.raises(seen):
            await threads.run(lambda error=error: fail(error))
    assert await threads.run(lambda: 1) == 1
    await threads.close()


async def test_what_may_be_mended_by_another_try_has_as_many_as_the_profile_says() -> None:
    tries = 0

    def work() -> int:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionResetError
        return tries

    threads = Threads(1, replace(QUICK, tries=3))
    assert await threads.run(work) == 3
    tries = -10
    with pytest.raises(StoreUnavailableError):
        await threads.run(work)
    assert tries == -7
    await threads.close()


async def test_a_bug_in_a_call_is_not_taken_for_an_outage() -> None:
    threads = Threads(1, replace(QUICK, tries=3))
    with pytest.raises(AttributeError):
        await threads.run(lambda: None.missing)  # type: ignore[attr-defined]
    await threads.close()


async def test_closing_ends_threads_and_refuses_what_comes_later() -> None:
    threads = Threads(4, QUICK)
    assert await asyncio.gather(*(threads.run(lambda n=n: n) for n in range(4))) == [0, 1, 2, 3]
    await threads.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rockseg-s3")]
    with pytest.raises(StoreUnavailableError):
        await threads.run(str)


async def test_who_waits_for_a_slot_while_the_store_closes_is_told_so() -> None:
    threads, blocked = Threads(1, replace(QUICK, slot_seconds=None)), Blocked()
    first = asyncio.create_task(threads.run(blocked))
    await begun(blocked)
    closing = asyncio.create_task(threads.close())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(threads.run(str))
    blocked.end.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        await closing
        assert await first == "done"
        with pytest.raises(StoreUnavailableError):
            await waiting
