"""A device that hangs, or ends its thread: the worker leaves, and what was on the device counts as tried."""

import threading
from collections.abc import Iterator, Sequence
from typing import Never

import pytest
from inference_works import POISON, GatedSegmenter, Works, png, until
from typing_extensions import override

from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.segmenter import Tile
from rockseg_core.testing.null_segmenter import NullSegmenter
from rockseg_inference import batcher
from rockseg_inference.exits import ExitReason


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What a hung device waits for, up to the test's end; a worker does not wait long for it."""
    monkeypatch.setattr(batcher, "_JOIN_SECONDS", 0.05)
    event = threading.Event()
    yield event
    event.set()


async def test_a_device_that_hangs_in_its_self_test_is_at_fault_and_counts_nothing(
    works: Works, let_go: threading.Event
) -> None:
    class Hanging(NullSegmenter):
        @override
        def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
            raise RuntimeError("CUDA error: unspecified launch failure")

        @override
        def self_test(self) -> bool:
            return let_go.wait(20)

    works.segmenter = Hanging()
    works.limits = type(works.limits)(self_test_seconds=0.01)
    running = works.start()
    request = await works.submit()
    assert await running is ExitReason.SELF_TEST_FAILED
    assert [(delivery.request, delivery.attempt) for delivery in await works.remaining()] == [(request, 1)]


async def test_of_the_jobs_of_a_worker_that_hangs_those_on_the_device_count_and_no_other(
    works: Works, let_go: threading.Event
) -> None:
    hung: list[int] = []

    class Hanging(NullSegmenter):
        @override
        def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
            hung.extend(int(tile.pixels[0, 0, 0]) for tile in tiles)
            let_go.wait(20)
            return super().forward(tiles)

    requests = [await works.submit(png((index, 0, 0))) for index in range(6)]
    works.segmenter = Hanging()
    works.limits = type(works.limits)(forward_seconds=0.3, batch_tiles=1)
    assert await works.start() is ExitReason.DEVICE_HANGS
    left = {delivery.request: delivery.attempt for delivery in await works.remaining()}
    assert left == {request: 2 if index in hung else 1 for index, request in enumerate(requests)}
    assert len(hung) == 1
    assert works.count("rockseg_worker_exits_total", reason="device_hangs") == 1


async def test_a_photo_that_hangs_the_device_fails_in_the_end_and_its_neighbours_finish(
    works: Works, let_go: threading.Event
) -> None:
    def hang() -> None:
        let_go.wait(20)

    works.limits = type(works.limits)(forward_seconds=0.5)
    poison = await works.submit(png(POISON))
    others = [await works.submit(png((1, 2, index))) for index in range(12)]
    reasons = []
    while not works.ended(poison, *others)():
        works.segmenter = NullSegmenter(poisons={POISON: hang})
        running = works.start()
        await until(lambda: running.done() or works.ended(poison, *others)())  # noqa: B023  # waited for in this turn
        reasons.append(await works.drained())
        assert len(reasons) < 6, "the worker is restarted for ever"
    assert reasons == [ExitReason.DEVICE_HANGS] * 3 + [ExitReason.DRAINED]
    error = works.events(poison)[-1].error
    assert error is not None
    assert error.code == "worker_crashed"
    assert all(works.kinds(request)[-1] is JobStatus.FINISHED for request in others)


def _exit() -> Never:
    raise SystemExit(3)


async def test_a_model_that_ends_its_thread_is_a_worker_at_fault_at_once_and_what_it_was_at_counts(
    works: Works,
) -> None:
    works.segmenter = NullSegmenter(poisons={POISON: _exit})
    running = works.start()
    request = await works.submit(png(POISON))
    await until(running.done)
    assert running.result() is ExitReason.DEVICE_STOPPED
    assert works.count("rockseg_worker_exits_total", reason="device_stopped") == 1
    assert [(delivery.request, delivery.attempt) for delivery in await works.remaining()] == [(request, 2)]


async def test_a_self_test_that_ends_the_thread_is_not_waited_for_and_counts_nothing(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    segmenter.gate.set()
    segmenter.self_test = _exit  # type: ignore[method-assign]
    running = works.start()
    request = await works.submit(png(POISON))
    await until(running.done)
    assert running.result() is ExitReason.DEVICE_STOPPED
    assert [(delivery.request, delivery.attempt) for delivery in await works.remaining()] == [(request, 1)]


async def test_each_part_of_a_batch_that_is_taken_apart_has_its_own_time_on_the_device(works: Works) -> None:
    """Together they take longer than one batch may."""
    works.segmenter = segmenter = SlowPoisons(held := threading.Event())
    works.limits = type(works.limits)(forward_seconds=0.8)
    works.start()
    first = await works.submit()
    await until(segmenter.entered.is_set)
    requests = [await works.submit(png((200, index, 0))) for index in range(7)]
    await until(lambda: all(works.kinds(request) for request in requests))
    held.set()
    await until(works.ended(first, *requests))
    assert max(segmenter.batch_sizes) > 3
    assert await works.drained() is ExitReason.DRAINED


class SlowPoisons(NullSegmenter):
    """Fails every batch of several photos, and computes each alone in a fifth of a second."""

    def __init__(self, held: threading.Event) -> None:
        super().__init__()
        self.entered, self._held = threading.Event(), held

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        if not self.entered.is_set():
            self.entered.set()
            self._held.wait(0.4)
        logits = super().forward(tiles)
        if len(tiles) > 1:
            raise RuntimeError
        self.latency_seconds = 0.2
        return logits


@pytest.mark.parametrize("reason", list(ExitReason))
def test_a_worker_at_fault_says_why_and_what_becomes_of_the_jobs(reason: ExitReason) -> None:
    assert (reason.code == 70) == (len(reason.sentences) == 2) == (reason is not ExitReason.DRAINED)
    counted = reason in {ExitReason.DEVICE_HANGS, ExitReason.DEVICE_STOPPED}
    assert any("counts this as a try" in sentence for sentence in reason.sentences) == counted
    assert any("self-test" in sentence for sentence in reason.sentences) == (reason is ExitReason.SELF_TEST_FAILED)


async def test_a_source_that_fails_for_good_is_no_failed_self_test(works: Works) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    source = works.log.deliveries()
    source.receive = broken  # type: ignore[assignment]  # a bug of an adapter
    works.log.deliveries = lambda: source  # type: ignore[method-assign]
    assert await works.start() is ExitReason.CANNOT_RECEIVE
