import asyncio
import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rockseg_api.errors import RenderBusyError
from rockseg_api.usecases.budget import RenderBudget


async def test_the_next_in_line_is_not_overtaken_by_a_smaller_one() -> None:
    budget = RenderBudget(renders=3, pixels=10, most_waiting=9)
    order = []

    async def draw(name: str, pixels: int, done: asyncio.Event) -> None:
        async with budget.take(pixels, 30):
            order.append(name)
            await done.wait()

    first_done, rest_done = asyncio.Event(), asyncio.Event()
    rest_done.set()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(draw("first", 6, first_done))
        await asyncio.sleep(0)
        group.create_task(draw("large", 8, rest_done))
        await asyncio.sleep(0)
        group.create_task(draw("small", 1, rest_done))
        await asyncio.sleep(0)
        assert order == ["first"]
        first_done.set()

    assert order == ["first", "large", "small"]


async def test_one_that_gives_up_lets_those_behind_it_pass() -> None:
    budget = RenderBudget(renders=3, pixels=10, most_waiting=9)
    async with budget.take(6, 30):
        with pytest.raises(RenderBusyError):
            async with budget.take(8, 0.05):
                pass
        async with budget.take(4, 0.05):
            pass


async def test_a_line_that_is_full_turns_the_next_away_at_once() -> None:
    budget = RenderBudget(renders=1, pixels=10, most_waiting=2)
    async with asyncio.timeout(10), budget.take(1, 30):
        waiting = [
            asyncio.create_task(contextlib.AsyncExitStack().enter_async_context(budget.take(1, 30))) for _ in "ab"
        ]
        await asyncio.sleep(0)
        with pytest.raises(RenderBusyError):
            async with budget.take(1, 30):
                pass
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with budget.take(10, 0.05):  # nothing stays of those who left the line
        pass


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_whatever_is_drawn_cancelled_or_turned_away_the_budget_is_kept_and_comes_back(seed: int) -> None:
    chance = random.Random(seed)

    async def story() -> None:
        budget = RenderBudget(renders=3, pixels=100, most_waiting=99)
        running: list[int] = []

        async def draw(pixels: int) -> None:
            async with budget.take(pixels, 0.002):
                running.append(min(pixels, 100))
                assert len(running) <= 3
                assert sum(running) <= 100
                for _ in range(chance.randrange(40)):
                    await asyncio.sleep(0)
                running.remove(min(pixels, 100))

        async def draw_or_hang_up() -> None:
            task = asyncio.create_task(draw(chance.randrange(1, 150)))
            for _ in range(chance.randrange(60)):
                await asyncio.sleep(0)
            if not running:
                task.cancel()
            with contextlib.suppress(RenderBusyError, asyncio.CancelledError):
                await task

        await asyncio.gather(*(draw_or_hang_up() for _ in range(30)))
        async with budget.take(100, 0.002):  # all of it is free again
            assert not running

    asyncio.run(story())
