from collections.abc import Callable

import pytest
from inference_works import GatedSegmenter, Works, png, until
from typing_extensions import override

from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobRequest
from rockseg_core.testing.memory_store import MemoryStore


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


async def _acknowledged_without_a_word(works: Works, request: JobRequest) -> None:
    await until(lambda: works.outcomes("erased"))
    assert not any(kind.terminal for kind in works.kinds(request))
    await works.drained()
    assert works.objects_of(request) == set()
    assert await works.remaining() == []


async def test_a_photo_erased_before_it_is_fetched_is_acknowledged_and_not_run(works: Works) -> None:
    request = await works.submit()
    works.erase_photo(request)
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    await _acknowledged_without_a_word(works, request)
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
    await _acknowledged_without_a_word(works, request)
    assert segmenter.entered == 0


async def test_a_photo_erased_between_two_rounds_is_not_computed_further(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter(rounds=2)
    works.start()
    request = await works.submit()
    await until(lambda: segmenter.entered == 1)
    works.erase_photo(request)
    segmenter.gate.set()
    await _acknowledged_without_a_word(works, request)
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
    await _acknowledged_without_a_word(works, request)


@pytest.mark.parametrize("kind", ["mask", "confidence", "report"])
async def test_a_photo_erased_right_after_a_put_takes_that_object_along(works: Works, kind: str) -> None:
    works.store = MeddledStore(kind, lambda: works.erase_photo(request))
    request = await works.submit()
    works.start()
    await _acknowledged_without_a_word(works, request)


async def test_what_a_vanished_attempt_wrote_goes_too(works: Works) -> None:
    request = await works.submit()
    stray = works.keys.mask(request.tenant, request.job_id, "f" * 64)
    works.store.objects[stray] = b"of an attempt that died before its event"
    works.erase_photo(request)
    works.start()
    await _acknowledged_without_a_word(works, request)


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
    await _acknowledged_without_a_word(works, request)
