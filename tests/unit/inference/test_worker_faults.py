import asyncio
from collections.abc import Sequence
from typing import NoReturn

import pytest
import structlog
from inference_works import POISON, GatedSegmenter, TiledNull, Works, png, until
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions, JobStatus
from rockseg_core.domain.records import JobEvent
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.ports.segmenter import Plan, Tile
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.null_segmenter import NullPlan, NullSegmenter, fail
from rockseg_inference.exits import ExitReason
from rockseg_inference.outcomes import GONE

SECRET = "s3cr3t-of-tenant-zeta"  # what an exception of a library might quote


async def test_a_poison_is_failed_after_three_attempts_while_its_neighbours_finish(works: Works) -> None:
    works.start()
    before = [await works.submit(png((1, 1, index))) for index in range(4)]
    poison = await works.submit(png(POISON))
    after = [await works.submit(png((2, 2, index))) for index in range(4)]
    await until(works.ended(poison, *before, *after))
    assert [(event.kind, event.attempt) for event in works.events(poison) if event.kind.terminal] == [
        (JobStatus.FAILED, 3)
    ]
    error = works.events(poison)[-1].error
    assert error is not None
    assert error.code == "internal_error"
    for request in (*before, *after):
        assert works.kinds(request)[-1] is JobStatus.FINISHED
        assert works.events(request)[-1].attempt == 1
    assert [letter.delivery.request for letter in works.log.dead_letters] == [poison]
    await works.drained()
    assert await works.remaining() == []
    assert works.count("rockseg_worker_self_tests_total", result="passed") == 3
    assert works.count("rockseg_worker_repeated_deliveries_total") == 2


async def test_an_unexpected_exception_of_the_model_is_the_jobs_fault_when_the_self_test_passes(works: Works) -> None:
    class Buggy(NullSegmenter):
        @override
        def plan(self, photo: Pixels, options: JobOptions) -> Plan:  # type: ignore[override]  # never returns
            raise ZeroDivisionError(SECRET)

    works.segmenter = Buggy()
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    assert works.events(request)[-1].attempt == 3
    assert len(works.log.dead_letters) == 1


async def test_a_worker_at_fault_exits_70_and_spends_no_attempt(works: Works) -> None:
    segmenter = GatedSegmenter()
    segmenter.sound = False
    works.segmenter = segmenter
    running = works.start()
    poison, other = await works.submit(png(POISON)), await works.submit()
    await until(lambda: segmenter.entered)
    segmenter.gate.set()
    reason = await running
    assert reason is ExitReason.SELF_TEST_FAILED
    assert int(reason) == reason.code == 70
    assert works.kinds(poison) == [JobStatus.STARTED]
    left = {delivery.request: delivery.attempt for delivery in await works.remaining()}
    assert left[poison] == 1
    assert left.get(other, 1) == 1
    assert works.log.dead_letters == []
    assert works.count("rockseg_worker_exits_total", reason="self_test_failed") == 1


async def test_three_crashes_fail_a_job_with_a_code_of_its_own(works: Works) -> None:
    request = await works.submit()
    for attempt in (1, 2, 3):
        await _start_and_crash(works)
        assert works.events(request)[-1].attempt == attempt
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    await until(works.ended(request))
    event = works.events(request)[-1]
    assert event.error is not None
    assert (event.kind, event.attempt, event.error.code) == (JobStatus.FAILED, 4, "worker_crashed")
    assert [letter.error.code for letter in works.log.dead_letters] == ["worker_crashed"]
    assert segmenter.entered == 0
    await works.drained()
    assert await works.remaining() == []


async def test_a_job_that_was_erased_is_not_buried(works: Works) -> None:
    request = await works.submit()
    for _ in range(3):
        await _start_and_crash(works)
    stray = works.keys.mask(request.tenant, request.job_id, "f" * 64)
    works.store.objects[stray] = b"of an attempt that died before its event"
    works.erase_photo(request)
    works.start()
    await until(lambda: works.outcomes("erased"))
    await works.drained()
    assert works.events(request)[-1].error == GONE
    assert works.log.dead_letters == []
    assert works.objects_of(request) == set()
    assert await works.remaining() == []


async def test_a_job_that_is_erased_while_its_last_attempt_fails_is_not_buried(works: Works) -> None:
    tries: list[int] = []

    def fail_and_erase() -> None:
        tries.append(1)
        if len(tries) == 3:
            works.erase_photo(request)
        fail()

    works.segmenter = NullSegmenter(poisons={POISON: fail_and_erase})
    request = await works.submit(png(POISON))
    works.start()
    await until(lambda: works.outcomes("erased"))
    assert len(tries) == 3
    assert works.log.dead_letters == []


@pytest.mark.parametrize("stage", ["plan", "stitch"])
@pytest.mark.parametrize("raised", [SystemExit, asyncio.CancelledError, StopIteration, GeneratorExit])
async def test_whatever_a_model_raises_off_the_device_is_a_fault_of_its_job_alone(
    works: Works, raised: type[BaseException], stage: str
) -> None:
    class Raises(NullSegmenter):
        def do(self, of: str, height: int) -> None:
            if of == stage and height == 65:
                raise raised

        @override
        def plan(self, photo: Pixels, options: JobOptions) -> NullPlan:
            self.do("plan", photo.shape[0])
            return super().plan(photo, options)

        @override
        def stitch(self, plan: Plan) -> Segmentation:
            assert isinstance(plan, NullPlan)
            self.do("stitch", plan.height)
            return super().stitch(plan)

    works.segmenter = Raises()
    running = works.start()
    bad, good = await works.submit(png(height=65)), await works.submit()
    await until(lambda: running.done() or works.ended(bad, good)())
    error = works.events(bad)[-1].error
    assert error is not None
    assert error.code == "internal_error"
    assert works.kinds(good)[-1] is JobStatus.FINISHED
    assert await works.drained() is ExitReason.DRAINED


async def test_a_stop_iteration_on_the_device_is_a_fault_and_not_a_wait_for_ever(works: Works) -> None:
    def stop() -> None:
        raise StopIteration

    works.segmenter = NullSegmenter(poisons={POISON: stop})
    works.start()
    request = await works.submit(png(POISON))
    await until(works.ended(request))
    assert works.events(request)[-1].attempt == 3


async def _start_and_crash(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    await until(lambda: segmenter.entered)
    await works.killed()


class FailsOnce(TiledNull):
    """A device that fails the first time."""

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        logits = super().forward(tiles)
        if len(self.batch_sizes) == 1:
            raise FatalError
        return logits


async def test_a_suspect_runs_unbatched_tile_by_tile(works: Works) -> None:
    works.segmenter = segmenter = FailsOnce()
    works.start()
    request = await works.submit(png(width=3 * 64))
    await until(works.ended(request))
    assert works.events(request)[-1].attempt == 2
    assert segmenter.batch_sizes == [3, 1, 1, 1]


async def test_a_crash_counts_once_and_the_job_finishes_alone(works: Works) -> None:
    request = await works.submit()
    await _start_and_crash(works)
    works.segmenter = NullSegmenter()
    works.start()
    await until(works.ended(request))
    assert [(event.kind, event.attempt) for event in works.events(request)] == [
        (JobStatus.STARTED, 1),
        (JobStatus.STARTED, 2),
        (JobStatus.FINISHED, 2),
    ]


@pytest.mark.parametrize("stage", ["plan", "forward", "stitch"])
async def test_no_exceptions_text_reaches_an_event_a_dead_letter_or_the_log(works: Works, stage: str) -> None:
    class Talkative(NullSegmenter):
        @override
        def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
            if stage == "forward":
                raise RuntimeError(SECRET)
            return super().forward(tiles)

    segmenter = Talkative()
    if stage != "forward":
        setattr(segmenter, stage, _raise)
    works.segmenter = segmenter
    with structlog.testing.capture_logs() as lines:
        works.start()
        request = await works.submit()
        await until(works.ended(request))
        await works.drained()
    assert SECRET not in repr(lines)
    assert SECRET not in repr(works.log.events())
    assert SECRET not in repr(works.log.dead_letters[0].error)
    faults = [line for line in lines if line["event"] == "fault"]
    assert {line["error_type"] for line in faults} == {"RuntimeError"}
    assert faults[0]["job_id"] == str(request.job_id)
    assert any("rockseg_inference" in frame for frame in faults[0]["error_at"])


def _raise(*_: object) -> Plan:
    raise RuntimeError(SECRET)


async def test_a_log_that_refuses_for_good_ends_the_worker_and_not_the_job(works: Works) -> None:
    async def broken(_event: object) -> None:
        raise TypeError(SECRET)

    works.log.publish_event = broken  # type: ignore[method-assign]  # a bug of an adapter
    works.log.publish_dead_letter = broken  # type: ignore[method-assign, assignment]
    with structlog.testing.capture_logs() as lines:
        running = works.start()
        request = await works.submit()
        assert await running is ExitReason.CANNOT_SETTLE
    assert SECRET not in repr(lines)
    left = await works.remaining()
    assert [delivery.request for delivery in left] == [request]
    assert left[0].attempt <= 3


@pytest.mark.parametrize("step", ["look", "sweep"])
async def test_a_job_that_cannot_be_ended_as_it_should_ends_no_worker(works: Works, step: str) -> None:
    """Such as by a key that no store takes: the exit of a worker counts no try, so the next would meet it too."""
    request = await works.submit()
    for _ in range(3):
        await _start_and_crash(works)
    if step == "look":
        works.store.exists = no_such_key  # type: ignore[method-assign]
    else:
        works.store.keys = no_such_key  # type: ignore[assignment]
        works.erase_photo(request)
    works.start()
    await until(lambda: works.outcomes("failed", "internal_error"))
    assert [letter.error.code for letter in works.log.dead_letters] == ["internal_error"]
    assert works.kinds(request)[-1] is JobStatus.FAILED
    await works.drained()
    assert await works.remaining() == []


def no_such_key(_key: str) -> NoReturn:
    raise ValueError("no key")


async def test_a_job_of_which_no_event_can_be_written_leaves_a_letter(works: Works) -> None:
    class Full(MemoryLog):
        @override
        async def publish_event(self, event: JobEvent) -> None:
            raise FatalError("too large")

    works.log = Full(works.clock)
    works.start()
    await works.submit()
    await until(lambda: works.outcomes("failed", "internal_error"))
    assert [letter.error.code for letter in works.log.dead_letters][-1] == "internal_error"
    await works.drained()
    assert await works.remaining() == []
