import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from inference_works import until
from prometheus_client import CollectorRegistry
from typing_extensions import override

from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import RequestPosition
from rockseg_core.ports.segmenter import Tile
from rockseg_core.testing.null_segmenter import NullSegmenter, fail
from rockseg_inference.batcher import Batcher
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.settings import WorkerSettings

RED = (255, 0, 0)


def tiles(count: int, colour: tuple[int, int, int] = (0, 0, 0)) -> list[Tile]:
    return [Tile(index, np.full((64, 64, 3), colour, np.uint8)) for index in range(count)]


@asynccontextmanager
async def batching(segmenter: NullSegmenter, **limits: float) -> AsyncIterator[Batcher]:
    batcher = Batcher(segmenter, WorkerSettings(**limits), WorkerMetrics(CollectorRegistry()))
    batcher.start()
    try:
        yield batcher
    finally:
        await batcher.close()


class Recorder(NullSegmenter):
    """Says on which threads it ran, and can be held at its first batch."""

    def __init__(self) -> None:
        super().__init__(poisons={RED: fail})
        self.threads: set[int] = set()
        self.held, self.go = threading.Event(), threading.Event()

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        self.threads.add(threading.get_ident())
        self.held.set()
        assert self.go.wait(20)
        return super().forward(tiles)

    @override
    def self_test(self) -> bool:
        self.threads.add(threading.get_ident())
        return super().self_test()


async def test_tiles_of_jobs_that_wait_together_go_together() -> None:
    segmenter = Recorder()
    async with batching(segmenter) as batcher:
        first = batcher.forward(tiles(1))
        await asyncio.to_thread(segmenter.held.wait, 20)
        others = [batcher.forward(tiles(2)) for _ in range(3)]
        segmenter.go.set()
        assert [len(await future) for future in (first, *others)] == [1, 2, 2, 2]
    assert segmenter.batch_sizes == [1, 6]


async def test_one_thread_owns_the_device_for_tiles_and_for_self_tests() -> None:
    segmenter = Recorder()
    segmenter.go.set()
    async with batching(segmenter) as batcher:
        await asyncio.gather(*(batcher.forward(tiles(1)) for _ in range(5)), batcher.self_test())
    assert len(segmenter.threads) == 1
    assert threading.get_ident() not in segmenter.threads


async def test_a_batch_that_fails_is_taken_apart_and_only_the_guilty_job_gets_the_error() -> None:
    segmenter = Recorder()
    async with batching(segmenter) as batcher:
        first = batcher.forward(tiles(1))
        await asyncio.to_thread(segmenter.held.wait, 20)
        good, bad, fine = batcher.forward(tiles(2)), batcher.forward(tiles(1, RED)), batcher.forward(tiles(2))
        segmenter.go.set()
        assert [len(await future) for future in (first, good, fine)] == [1, 2, 2]
        with pytest.raises(FatalError):
            await bad
    assert segmenter.batch_sizes == [1, 5, 2, 1, 2]


async def test_a_self_test_goes_before_tiles_that_wait() -> None:
    segmenter = Recorder()
    async with batching(segmenter) as batcher:
        running = batcher.forward(tiles(1))
        await asyncio.to_thread(segmenter.held.wait, 20)
        waiting, test = batcher.forward(tiles(1)), batcher.self_test()
        order: list[str] = []
        waiting.add_done_callback(_note(order, "tiles"))
        test.add_done_callback(_note(order, "test"))
        segmenter.go.set()
        await asyncio.gather(running, waiting, test)
    assert order == ["test", "tiles"]


def _note(order: list[str], name: str) -> Callable[[object], None]:
    return lambda _: order.append(name)


async def test_a_suspect_runs_unbatched() -> None:
    segmenter = NullSegmenter()
    async with batching(segmenter) as batcher:
        await batcher.forward(tiles(3), alone=True)
    assert segmenter.batch_sizes == [1, 1, 1]


async def test_on_a_device_with_a_delay_tiles_meet_company_that_comes_a_little_later() -> None:
    segmenter = NullSegmenter(device="cuda")
    async with batching(segmenter, batch_delay_seconds=5.0, batch_tiles=4) as batcher:
        futures = [batcher.forward(tiles(2))]
        await asyncio.sleep(0)
        futures.append(batcher.forward(tiles(2)))
        async with asyncio.timeout(4):
            await asyncio.gather(*futures)
    assert segmenter.batch_sizes == [4]


async def test_an_idle_device_is_nobodys_and_not_busy() -> None:
    async with batching(segmenter := Recorder()) as batcher:
        computing = batcher.forward(tiles(1), delivery := Delivery(RequestPosition(0, 7), 1, None, None, None))
        await asyncio.to_thread(segmenter.held.wait, 20)
        assert batcher.owners() == (delivery,)
        await until(lambda: batcher.busy_seconds() > 0)
        segmenter.go.set()
        await computing
        await until(lambda: not batcher.owners())
        assert batcher.busy_seconds() == 0


async def test_a_processor_makes_no_tile_wait() -> None:
    segmenter = NullSegmenter(device="cpu")
    async with batching(segmenter, batch_delay_seconds=30.0) as batcher:
        async with asyncio.timeout(10):
            await batcher.forward(tiles(1))


async def test_a_self_test_that_raises_has_failed() -> None:
    class Broken(NullSegmenter):
        @override
        def self_test(self) -> bool:
            raise RuntimeError("CUDA error")

    async with batching(Broken()) as batcher:
        assert await batcher.self_test() is False


async def test_a_model_that_answers_for_too_few_tiles_is_a_fault_not_a_wait_for_ever() -> None:
    class Short(NullSegmenter):
        @override
        def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
            return super().forward(tiles)[:-1]

    async with batching(Short()) as batcher:
        with pytest.raises(FatalError):
            await batcher.forward(tiles(2))
