"""Around the end of a job's time: what the worker puts after the API has swept, it deletes itself."""

from inference_works import GatedSegmenter, Works, until
from typing_extensions import override

from rockseg_core.domain.records import JobRequest
from rockseg_core.testing.memory_store import MemoryStore


async def _expired_without_a_trace(works: Works, request: JobRequest) -> None:
    await until(lambda: works.outcomes("expired"))
    await works.drained()
    assert not any(kind.terminal for kind in works.kinds(request))
    assert works.objects_of(request) == set()
    assert await works.remaining() == []


async def test_what_was_put_before_a_put_that_fails_goes_when_the_job_expires_meanwhile(works: Works) -> None:
    class Refusing(MemoryStore):
        @override
        async def put(self, key: str, body: bytes, content_type: str) -> None:
            if "/report-" in key:
                await until(lambda: any("/mask-" in key for key in self.objects))
                works.clock.advance(60)
                works.erase_photo(request)  # the API's sweep, which has listed before the mask came
                self.fail_next()
            await super().put(key, body, content_type)

    works.store = Refusing()
    request = await works.submit(lifetime=60.0)
    works.start()
    await _expired_without_a_trace(works, request)


async def test_what_a_killed_attempt_put_goes_when_its_request_comes_again_expired(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    request = await works.submit(lifetime=60.0)
    works.start()
    await until(lambda: segmenter.entered)
    await works.killed()
    works.store.objects[works.keys.mask(request.tenant, request.job_id, "f" * 64)] = b"put a moment before the kill"
    works.clock.advance(60)
    works.erase_photo(request)  # the API's sweep, a moment before that
    works.start()
    await _expired_without_a_trace(works, request)


async def test_an_expired_request_whose_photo_is_there_is_left_to_the_sweep_of_the_api(works: Works) -> None:
    request = await works.submit(lifetime=60.0)
    works.clock.advance(60)
    works.start()
    await until(lambda: works.outcomes("expired"))
    await works.drained()
    assert works.objects_of(request) == {request.photo_key}


async def test_an_expired_request_waits_for_no_store_that_is_away(works: Works) -> None:
    works.start()
    await until(lambda: works.keys.current_model() in works.store.objects)
    request = works.request(b"", lifetime=60.0)
    works.clock.advance(60)
    works.store.unavailable = True
    await works.log.publish_request(request)
    await until(lambda: works.outcomes("expired"))
    assert works.naps == []
