import asyncio

from inference_works import GatedSegmenter, Works, png, until

from rockseg_core.domain.job import JobStatus
from rockseg_inference.exits import ExitReason


async def test_a_drain_ends_what_runs_and_starts_nothing_more(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    running = works.start()
    first = await works.submit()
    await until(lambda: segmenter.entered)
    works.worker.drain()
    later = await works.submit()
    segmenter.gate.set()
    assert await running is ExitReason.DRAINED
    assert works.kinds(first) == [JobStatus.STARTED, JobStatus.FINISHED]
    assert works.kinds(later) == []
    assert [(delivery.request, delivery.attempt) for delivery in await works.remaining()] == [(later, 1)]
    assert works.count("rockseg_worker_exits_total", reason="drained") == 1


async def test_what_does_not_end_within_the_budget_is_released_with_its_attempt(works: Works) -> None:
    works.limits = type(works.limits)(drain_seconds=0.05)
    works.segmenter = segmenter = GatedSegmenter()
    running = works.start()
    request = await works.submit()
    await until(lambda: segmenter.entered)
    works.worker.drain()
    await until(lambda: works.outcomes("released", "stopped"))
    segmenter.gate.set()
    assert await running is ExitReason.DRAINED
    assert works.kinds(request) == [JobStatus.STARTED]
    assert [(delivery.request, delivery.attempt) for delivery in await works.remaining()] == [(request, 1)]


async def test_a_draining_worker_takes_nothing_over_that_it_will_not_run(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    first = await works.submit()
    await until(lambda: segmenter.entered)
    works.worker.drain()
    later = await works.submit()
    for _ in range(20):
        await asyncio.sleep(0)
    await works.killed()  # the grace period was too short
    left = {delivery.request: delivery.attempt for delivery in await works.remaining()}
    assert left == {first: 2, later: 1}


async def test_a_drain_closes_the_source_in_the_same_moment(works: Works) -> None:
    source = works.log.deliveries()
    works.log.deliveries = lambda: source  # type: ignore[method-assign]
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    first, _later = await works.submit(), await works.submit()
    await until(lambda: segmenter.entered)
    works.worker.drain()
    async with asyncio.timeout(5):
        assert await source.receive() is None
    segmenter.gate.set()
    await until(works.ended(first))


async def test_an_idle_worker_drains_at_once(works: Works) -> None:
    works.start()
    assert await works.drained() is ExitReason.DRAINED


async def test_a_cancelled_run_releases_what_it_held(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    running = works.start()
    await works.submit()
    await until(lambda: segmenter.entered)
    running.cancel()
    segmenter.gate.set()
    await until(running.done)
    assert [delivery.attempt for delivery in await works.remaining()] == [1]


async def test_no_more_jobs_begin_than_may_be_in_flight(works: Works) -> None:
    works.limits = type(works.limits)(jobs_in_flight=2)
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    requests = [await works.submit(png((9, 9, index))) for index in range(5)]
    await until(lambda: segmenter.entered)
    await until(lambda: works.count("rockseg_worker_jobs_in_flight") == 2)
    assert len([request for request in requests if works.kinds(request)]) <= 2
    segmenter.gate.set()
    await until(works.ended(*requests))
