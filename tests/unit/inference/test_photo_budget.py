import asyncio

from rockseg_inference.budget import PhotoBudget


async def held(budget: PhotoBudget, pixels: int, began: list[int], go: asyncio.Event) -> None:
    async with budget.hold(pixels):
        began.append(pixels)
        await go.wait()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_photos_wait_while_their_pixels_do_not_fit() -> None:
    budget, began, go = PhotoBudget(photos=9, pixels=10), list[int](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for pixels in (6, 4, 3):
            group.create_task(held(budget, pixels, began, go))
        await turns()
        assert began == [6, 4]
        go.set()
    assert began == [6, 4, 3]


async def test_photos_wait_while_too_many_are_held() -> None:
    budget, began, go = PhotoBudget(photos=2, pixels=100), list[int](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for pixels in (1, 2, 3):
            group.create_task(held(budget, pixels, began, go))
        await turns()
        assert began == [1, 2]
        go.set()


async def test_a_photo_above_the_bound_goes_alone_and_is_not_overtaken_for_ever() -> None:
    budget, began = PhotoBudget(photos=9, pixels=10), list[int]()
    gates = {pixels: asyncio.Event() for pixels in (5, 50, 1)}
    async with asyncio.TaskGroup() as group:
        for pixels, gate in gates.items():
            group.create_task(held(budget, pixels, began, gate))
        await turns()
        assert began == [5]
        gates[5].set()
        await turns()
        assert began == [5, 50]
        gates[50].set()
        await turns()
        assert began == [5, 50, 1]
        gates[1].set()


async def test_who_is_cancelled_while_it_waits_takes_nothing() -> None:
    budget, began, go = PhotoBudget(photos=1, pixels=10), list[int](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(held(budget, 1, began, go))
        await turns()
        waiting = group.create_task(held(budget, 2, began, go))
        await turns()
        waiting.cancel()
        group.create_task(held(budget, 3, began, go))
        await turns()
        go.set()
    assert began == [1, 3]
