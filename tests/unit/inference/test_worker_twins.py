"""Two requests with one Idempotency-Key and two photos share a job id, and so the prefix of their objects."""

from inference_works import GatedSegmenter, Works, png, until
from msgspec.structs import replace

from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobEvent, JobRequest

LOSER = png((9, 9, 9))


async def _submit_twin(works: Works, winner: JobRequest) -> JobRequest:
    """Another photo of the same size, and so with the same mask, as of a picture whose EXIF alone differs."""
    request = works.request(LOSER)
    key = works.keys.photo(request.tenant, winner.job_id, request.photo_sha256, "png")
    loser = replace(request, job_id=winner.job_id, photo_key=key)
    works.store.objects[key] = LOSER
    await works.log.publish_request(loser)
    return loser


def _finished(works: Works, winner: JobRequest) -> JobEvent:
    """What the view shows: the outcome of the first request."""
    return next(e for e in works.events(winner) if e.kind is JobStatus.FINISHED and e.request_offset == 0)


async def _ended(works: Works, winner: JobRequest) -> None:
    await until(works.ended(winner))
    await until(lambda: works.outcomes("erased") and works.outcomes("finished"))
    await works.drained()
    assert await works.remaining() == []
    event = _finished(works, winner)
    assert {winner.photo_key, event.mask_key, event.confidence_key, event.report_key} <= works.store.objects.keys()


async def test_the_loser_of_a_race_for_a_key_takes_nothing_of_the_winner_along(works: Works) -> None:
    winner = await works.submit()
    loser = await _submit_twin(works, winner)
    works.erase_photo(loser)
    works.start()
    await _ended(works, winner)


async def test_a_loser_that_ran_leaves_the_mask_that_it_shares_with_the_winner(works: Works) -> None:
    works.segmenter = segmenter = GatedSegmenter()
    winner = await works.submit()
    loser = await _submit_twin(works, winner)
    works.start()
    await until(lambda: segmenter.entered and len(works.kinds(winner)) == 2)
    works.erase_photo(loser)
    segmenter.gate.set()
    await _ended(works, winner)


async def test_once_no_photo_stands_there_all_of_both_goes(works: Works) -> None:
    winner = await works.submit()
    loser = await _submit_twin(works, winner)
    works.store.objects[works.keys.mask(winner.tenant, winner.job_id, "f" * 64)] = b"of an attempt that died"
    works.erase_photo(winner)
    works.erase_photo(loser)
    works.start()
    await until(lambda: works.outcomes("erased") == 2)
    assert works.objects_of(winner) == set()
