import asyncio
import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rockseg_api.errors import AnswersBusyError
from rockseg_api.usecases.answer_memory import MOST_WAITING, AnswerMemory
from rockseg_core.domain.job import Tenant

ACME, RIVAL, THIRD = Tenant("acme"), Tenant("rival"), Tenant("third")


async def test_one_tenant_gets_half_and_leaves_the_rest_to_others() -> None:
    memory = AnswerMemory(100, largest=10)
    await memory.hold(ACME, 50, 0.01)
    with pytest.raises(AnswersBusyError):
        await memory.hold(ACME, 1, 0.01)
    await memory.hold(RIVAL, 50, 0.01)
    with pytest.raises(AnswersBusyError):
        await memory.hold(THIRD, 1, 0.01)


async def test_the_largest_result_fits_a_share_and_a_larger_one_takes_all_of_it() -> None:
    memory = AnswerMemory(100, largest=80)
    (await memory.hold(ACME, 80, 0.01)).release()
    (await memory.hold(ACME, 500, 0.01)).release()
    assert memory.held_bytes == 0


async def test_who_waits_goes_on_once_somebody_shrinks_or_is_done() -> None:
    memory = AnswerMemory(100, largest=10)
    held = await memory.hold(ACME, 50, 0.01)
    waiting = [asyncio.create_task(memory.hold(ACME, 25, 30)) for _ in range(3)]
    await asyncio.sleep(0)
    held.settle(20)
    (await waiting[0]).settle(25)
    assert not waiting[1].done()
    held.release()
    held.release()
    await waiting[1]
    assert memory.held_bytes == 50
    waiting[2].cancel()


async def test_one_tenant_s_line_holds_up_no_other() -> None:
    memory = AnswerMemory(100, largest=10)
    await memory.hold(ACME, 50, 0.01)
    waiting = asyncio.create_task(memory.hold(ACME, 1, 30))
    await asyncio.sleep(0)
    await memory.hold(RIVAL, 50, 0.01)
    waiting.cancel()


async def test_the_line_has_an_end() -> None:
    memory = AnswerMemory(100, largest=10)
    await memory.hold(ACME, 50, 0.01)
    waiting = [asyncio.create_task(memory.hold(ACME, 1, 30)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(AnswersBusyError):
        await memory.hold(RIVAL, 1, 30)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await memory.hold(RIVAL, 1, 0.01)


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_whoever_hangs_up_or_is_turned_away_all_of_it_comes_back(seed: int) -> None:
    chance = random.Random(seed)

    async def story() -> None:
        memory = AnswerMemory(100, largest=10)

        async def answer() -> None:
            held = await memory.hold(chance.choice((ACME, RIVAL)), chance.randrange(1, 70), 0.002)
            assert memory.held_bytes <= 100
            for _ in range(chance.randrange(20)):
                await asyncio.sleep(0)
            held.settle(1)
            held.release()

        async def answer_or_hang_up() -> None:
            task = asyncio.create_task(answer())
            for _ in range(chance.randrange(60)):
                await asyncio.sleep(0)
            if not memory.held_bytes:
                task.cancel()
            with contextlib.suppress(AnswersBusyError, asyncio.CancelledError):
                await task

        await asyncio.gather(*(answer_or_hang_up() for _ in range(30)))
        assert memory.held_bytes == 0

    asyncio.run(story())
