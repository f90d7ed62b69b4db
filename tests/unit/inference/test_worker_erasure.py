from collections.abc import Callable
from functools import reduce
from itertools import permutations

import pytest
from inference_works import GatedSegmenter, Works, png, until
from msgspec.structs import replace
from typing_extensions import override

from rockseg_core.domain.errors import ObjectMissingError
from rockseg_core.domain.fold import after, fold, queued
from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobRequest
from rockseg_core.testing.memory_store import MemoryStore
from rockseg_inference.outcomes import GONE


class MeddledStore(MemoryStore):
    """Does something of a test's after each put of a given kind of object."""

    def __init__(self, kind: str, after_put: Callable[[], None]) -> None:
        super().__init__()
        self._kind, self._after_put = kind, after_put

    @override
    async def put(self, key: str, body: bytes, content_type: str) -> None:
        await super().put(key, body, content_type)
        if f"/{self._kind}-" in key:
            self._after_put()


async def _acknowledged_and_no_more_than_gone(works: Works, request: JobRequest) -> None:
    await until(lambda: works.outcomes("erased"))
    (event,) = (event for event in works.events(request) if event.kind.terminal)
    assert (event.kind, event.error) == (JobStatus.FAILED, GONE)
    assert works.log.dead_letters == []
    await works.drained()
    assert works.objects_of(request) == set()
    assert await works.remaining() == []


async def test_a_photo_erased_before_it_is_fetched_is_acknowledged_and_not_run(works: Works) -> None:
    request = await works.submit()
    works.erase_photo(request)
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    await _acknowledged_and_no_more_than_gone(works, request)
    assert segmenter.entered == 0


async def test_a_photo_erased_between_decode_and_forward_never_meets_the_device(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    request = await works.submit()
    get = works.store.get

    async def get_and_erase(key: str) -> bytes:
        body = await get(key)
        works.erase_photo(request)
        return body

    works.store.get = get_and_erase  # type: ignore[method-assign]  # the client's DELETE, right after the fetch
    works.start()
    await _acknowledged_and_no_more_than_gone(works, request)
    assert segmenter.entered == 0


async def test_a_photo_erased_between_two_rounds_is_not_computed_further(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter(rounds=2)
    works.start()
    request = await works.submit()
    await until(lambda: segmenter.entered == 1)
    works.erase_photo(request)
    segmenter.gate.set()
    await _acknowledged_and_no_more_than_gone(works, request)
    assert segmenter.entered == 1


async def test_a_photo_erased_while_running_leaves_no_object_behind(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    request, other = await works.submit(), await works.submit(png((1, 2, 3)))
    await until(lambda: segmenter.entered == 1)
    works.erase_photo(request)
    segmenter.gate.set()
    await until(works.ended(other))
    assert works.kinds(other)[-1] is JobStatus.FINISHED
    assert len(works.objects_of(other)) == 4
    await _acknowledged_and_no_more_than_gone(works, request)


@pytest.mark.parametrize("kind", ["mask", "confidence", "report"])
async def test_a_photo_erased_right_after_a_put_takes_that_object_along(works: Works, kind: str) -> None:
    works.store = MeddledStore(kind, lambda: works.erase_photo(request))
    request = await works.submit()
    works.start()
    await _acknowledged_and_no_more_than_gone(works, request)


async def test_what_a_vanished_attempt_wrote_goes_too(works: Works) -> None:
    request = await works.submit()
    stray = works.keys.mask(request.tenant, request.job_id, "f" * 64)
    works.store.objects[stray] = b"of an attempt that died before its event"
    works.erase_photo(request)
    works.start()
    await _acknowledged_and_no_more_than_gone(works, request)


async def test_the_sweep_waits_for_a_store_that_is_away(works: Works) -> None:
    class Away(MemoryStore):
        failures = 3

        @override
        async def delete(self, key: str) -> None:
            if self.failures:
                self.failures -= 1
                self.fail_next()
            await super().delete(key)

    works.store = Away()
    request = await works.submit()
    works.store.objects[works.keys.mask(request.tenant, request.job_id, "f" * 64)] = b"x"
    works.erase_photo(request)
    works.start()
    await _acknowledged_and_no_more_than_gone(works, request)


async def test_what_is_said_of_a_photo_that_is_gone_leaves_an_erased_job_erased(works: Works) -> None:
    """The API publishes the erasure first and deletes the photo then."""
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    request = await works.submit()
    await until(lambda: segmenter.entered == 1)
    started = works.events(request)[0]
    await works.log.publish_event(replace(started, kind=JobStatus.ERASED, at=works.clock.now()))
    works.erase_photo(request)
    segmenter.gate.set()
    await until(lambda: works.outcomes("erased"))
    assert works.kinds(request)[-1] is JobStatus.FAILED
    rows = [queued(request, started.request_position), *map(after, works.events(request))]
    for order in permutations(rows):
        assert reduce(fold, order, None).status is JobStatus.ERASED  # type: ignore[arg-type, union-attr]


async def test_one_false_no_of_the_store_loses_no_job(works: Works) -> None:
    class Forgetful(MemoryStore):
        said = 0

        @override
        async def get(self, key: str) -> bytes:
            self.said += 1
            if self.said == 1:
                raise ObjectMissingError
            return await super().get(key)

    works.store = Forgetful()
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    assert works.kinds(request) == [JobStatus.STARTED, JobStatus.FINISHED]


async def test_a_photo_that_is_said_to_be_gone_and_is_listed_is_not_given_up(works: Works) -> None:
    class Denying(MemoryStore):
        denies = True

        @override
        async def exists(self, key: str) -> bool:
            return await super().exists(key) and not (self.denies and "/photo-" in key)

    works.store = store = Denying()
    works.start()
    request = await works.submit()
    await until(lambda: works.count("rockseg_worker_transient_faults_total", step="sweep", code="store_unavailable"))
    assert works.outcomes("erased") == 0
    assert not any(kind.terminal for kind in works.kinds(request))
    assert request.photo_key in store.objects


async def test_a_job_is_run_once_its_photo_is_there_again(works: Works) -> None:
    class Blinking(MemoryStore):
        """Finds no photo for a while, though it lists it."""

        misses = 2

        @override
        async def get(self, key: str) -> bytes:
            if self.misses:
                self.misses -= 1
                raise ObjectMissingError
            return await super().get(key)

        @override
        async def exists(self, key: str) -> bool:
            if self.misses:
                self.misses -= 1
                return False
            return await super().exists(key)

    works.store = Blinking()
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    assert works.kinds(request)[-1] is JobStatus.FINISHED
    assert {event.attempt for event in works.events(request)} == {1}


async def test_what_others_put_beside_an_erased_job_goes_too(works: Works) -> None:
    request = await works.submit()
    folder = works.keys.job(request.tenant, request.job_id)
    works.store.objects |= {folder: b"", f"{folder}a copy by hand.png": b"x"}
    works.erase_photo(request)
    works.start()
    await _acknowledged_and_no_more_than_gone(works, request)
