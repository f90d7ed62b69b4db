from collections.abc import Collection

import pytest
from inference_works import POISON, GatedSegmenter, Works, png, until
from typing_extensions import override

from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.domain.job import JobStatus
from rockseg_core.testing.memory_deliveries import MemoryDeliveries
from rockseg_core.testing.memory_store import MemoryStore
from rockseg_core.testing.null_segmenter import NullSegmenter
from rockseg_inference.endings import CRASHED
from rockseg_inference.exits import ExitReason
from rockseg_inference.settings import WorkerSettings


async def _up(works: Works) -> None:
    await until(lambda: works.keys.current_model() in works.store.objects)


async def test_a_store_outage_is_waited_out_on_attempt_1(works: Works) -> None:
    works.start()
    await _up(works)
    works.store.fail_next(7)
    request = await works.submit()
    await until(works.ended(request))
    assert works.kinds(request) == [JobStatus.STARTED, JobStatus.FINISHED]
    assert works.events(request)[-1].attempt == 1
    assert works.naps == sorted(works.naps)
    assert works.count("rockseg_worker_transient_faults_total", step="fetch", code="store_unavailable") == 7


async def test_the_source_of_deliveries_hears_which_of_them_wait(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives partitions back without waiting for these."""
    heard: list[tuple[int, bool]] = []
    monkeypatch.setattr(
        MemoryDeliveries,
        "note_waiting",
        lambda _, delivery, waiting: heard.append((delivery.position.offset, waiting)),
        raising=False,
    )
    works.start()
    await _up(works)
    await until(works.ended(await works.submit()))
    assert heard == []
    works.store.fail_next(3)
    await until(works.ended(await works.submit()))
    assert heard == [(1, True), (1, False)]


async def test_photos_that_cannot_be_read_hold_up_no_other(works: Works) -> None:
    unreadable: set[str] = set()

    class BadDisk(MemoryStore):
        @override
        async def get(self, key: str) -> bytes:
            if key in unreadable:
                self.fail_next()
            return await super().get(key)

    works.store = BadDisk()
    assert works.limits.photos_fetched < 6
    unreadable |= {(await works.submit(png((index, 5, 5)), lifetime=1e11)).photo_key for index in range(6)}
    good = await works.submit()
    works.start()
    await until(lambda: len(works.naps) > 12)
    await until(works.ended(good))
    assert works.kinds(good)[-1] is JobStatus.FINISHED


async def test_a_photo_has_its_slot_until_it_is_decoded(works: Works) -> None:
    works.store = store = CountingStore()
    works.limits = type(works.limits)(photos_fetched=2, photos_decoded=1)
    works.segmenter = segmenter = GatedSegmenter()
    requests = [await works.submit(png((index, 5, 5))) for index in range(6)]
    works.start()
    await until(lambda: segmenter.entered and store.fetched == 3)
    await until(lambda: all(works.kinds(request) for request in requests))
    assert store.fetched == 3  # one decoded, two before it
    segmenter.gate.set()
    await until(works.ended(*requests))
    assert store.fetched == 6


class CountingStore(MemoryStore):
    fetched = 0

    @override
    async def get(self, key: str) -> bytes:
        self.fetched += 1
        return await super().get(key)


async def test_a_store_that_cannot_be_written_is_waited_out(works: Works) -> None:
    class ReadOnly(MemoryStore):
        refusals = 12

        @override
        async def put(self, key: str, body: bytes, content_type: str) -> None:
            if "/models/" not in f"/{key}" and self.refusals:
                self.refusals -= 1
                self.fail_next()
            await super().put(key, body, content_type)

    works.store = ReadOnly()
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    assert works.events(request)[-1].attempt == 1
    assert len(works.objects_of(request)) == 4


async def test_a_log_outage_is_waited_out_and_the_outcome_is_told_after(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    request = await works.submit()
    await until(lambda: segmenter.entered)
    works.log.fail_next(5)
    segmenter.gate.set()
    await until(works.ended(request))
    assert works.kinds(request)[-1] is JobStatus.FINISHED
    assert segmenter.entered == 1


async def test_an_answer_of_the_log_that_was_lost_is_told_again_and_loses_nothing(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    request = await works.submit()
    await until(lambda: segmenter.entered and works.kinds(request))
    works.log.lose_next_answer()
    segmenter.gate.set()
    await until(lambda: works.outcomes("finished"))
    assert works.kinds(request) == [JobStatus.STARTED, JobStatus.FINISHED, JobStatus.FINISHED]
    await works.drained()
    assert await works.remaining() == []


async def test_expiry_ends_the_wait_and_the_job_is_acknowledged(works: Works) -> None:
    works.start()
    await _up(works)
    request = await works.submit(lifetime=60.0)
    works.store.unavailable = True
    await until(lambda: works.outcomes("expired"))
    assert works.clock.now() >= request.expires_at
    await works.drained()
    assert not any(kind.terminal for kind in works.kinds(request))
    assert await works.remaining() == []


async def test_an_outcome_that_cannot_be_told_before_the_end_of_its_time_is_let_go(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    await works.submit(lifetime=60.0)
    await until(lambda: segmenter.entered)
    works.log.unavailable = True
    segmenter.gate.set()
    await until(lambda: works.outcomes("expired"))
    works.log.unavailable = False
    await works.drained()
    assert await works.remaining() == []


async def test_a_drain_waits_for_no_outage(works: Works) -> None:
    works.start()
    await _up(works)
    works.waking.clear()  # else it may be put back before the drain begins
    works.store.unavailable = True
    request = await works.submit(lifetime=1e11)
    await until(lambda: works.naps)
    assert await works.drained() is ExitReason.DRAINED
    left = await works.remaining()
    assert [(delivery.request, delivery.attempt) for delivery in left] == [(request, 1)]
    assert works.outcomes("released", "draining") == 1


async def test_a_worker_can_be_drained_before_the_store_ever_came(works: Works) -> None:
    works.store.unavailable = True
    works.start()
    await until(lambda: works.naps)
    assert await works.drained() is ExitReason.DRAINED


class BadDisk(MemoryStore):
    """Some objects cannot be read, and maybe not even be looked at."""

    def __init__(self, failing: Collection[str] = ("get", "exists")) -> None:
        super().__init__()
        self.failing = failing
        self.unreadable: set[str] = set()

    @override
    async def get(self, key: str) -> bytes:
        if key in self.unreadable and "get" in self.failing:
            raise StoreUnavailableError
        return await super().get(key)

    @override
    async def exists(self, key: str) -> bool:
        if key in self.unreadable and "exists" in self.failing:
            raise StoreUnavailableError
        return await super().exists(key)


async def test_a_suspect_whose_photo_cannot_be_read_lets_others_run_and_keeps_its_attempt(works: Works) -> None:
    works.store = store = BadDisk()
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    suspect = await works.submit(lifetime=1e11)
    await until(lambda: segmenter.entered)
    await works.killed()
    works.segmenter = NullSegmenter()
    store.unreadable.add(suspect.photo_key)
    others = [await works.submit(png((index, 5, 5)), lifetime=1e11) for index in range(20)]
    works.start()
    await until(works.ended(*others))
    assert not works.ended(suspect)()
    assert works.outcomes("released", "part_away") >= 1
    store.unreadable.clear()
    await until(works.ended(suspect))
    assert [event.attempt for event in works.events(suspect) if event.kind is JobStatus.FINISHED] == [2]


@pytest.mark.parametrize("failing", ["get", "exists"])
async def test_photos_that_cannot_be_read_hold_up_nobody_behind_them_and_keep_their_attempt(
    works: Works, failing: str
) -> None:
    works.store = store = BadDisk([failing])
    bad = [await works.submit(png((index, 9, 9)), lifetime=1e11) for index in range(works.limits.jobs_in_flight)]
    store.unreadable = {request.photo_key for request in bad}
    good = [await works.submit(png((index, 5, 5)), lifetime=1e11) for index in range(20)]
    works.start()
    await until(works.ended(*good))
    assert not any(works.ended(request)() for request in bad)
    store.unreadable = set()
    await until(works.ended(*bad))
    assert {event.attempt for request in bad for event in works.events(request)} == {1}
    assert {works.kinds(request)[-1] for request in bad} == {JobStatus.FINISHED}


async def test_a_job_whose_photo_cannot_be_read_holds_up_no_suspect_and_whom_that_holds_up(works: Works) -> None:
    works.store = store = BadDisk()
    bad = await works.submit(png((9, 9, 9)), lifetime=1e11)
    store.unreadable = {bad.photo_key}
    works.start()
    await until(lambda: works.count("rockseg_worker_transient_faults_total", step="fetch", code="store_unavailable"))
    poison = await works.submit(png(POISON), lifetime=1e11)  # a suspect once it has failed
    good = [await works.submit(png((index, 5, 5)), lifetime=1e11) for index in range(20)]
    await until(works.ended(poison, *good))
    assert works.events(poison)[-1].attempt == works.limits.max_attempts
    assert not works.ended(bad)()


async def test_a_suspect_on_its_last_look_at_a_photo_that_cannot_be_read_holds_up_nobody(works: Works) -> None:
    works.limits = WorkerSettings(max_attempts=1)
    works.store = store = BadDisk()
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    crashed = await works.submit(lifetime=1e11)
    await until(lambda: segmenter.entered)
    await works.killed()
    works.segmenter = NullSegmenter()
    store.unreadable.add(crashed.photo_key)
    other = await works.submit(png((5, 5, 5)), lifetime=1e11)
    works.start()
    await until(works.ended(other))
    assert not works.ended(crashed)()
    store.unreadable.clear()
    await until(works.ended(crashed))
    assert works.events(crashed)[-1].error == CRASHED
