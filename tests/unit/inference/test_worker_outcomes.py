import asyncio
import hashlib

import cv2
import numpy as np
from inference_works import Works, png, until
from typing_extensions import override

from rockseg_core.codec.bundle import decode_manifest, decode_ref, decode_report
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobEvent
from rockseg_core.ports.feed import Topic
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.null_segmenter import NullSegmenter, bands


async def test_a_photo_ends_as_the_objects_that_its_event_names(works: Works) -> None:
    works.start()
    request = await works.submit(png(height=90, width=50))
    await until(works.ended(request))
    event = works.events(request)[-1]
    assert event.kind is JobStatus.FINISHED
    assert event.mask_key is not None
    assert event.confidence_key is not None
    assert event.report_key is not None
    for key in (event.mask_key, event.confidence_key, event.report_key):
        sha256 = hashlib.sha256(works.store.objects[key]).hexdigest()
        assert key.rpartition("-")[2].partition(".")[0] == sha256[:16]
    mask = cv2.imdecode(np.frombuffer(works.store.objects[event.mask_key], np.uint8), cv2.IMREAD_COLOR_RGB)
    colours = np.array([rock.rgb for rock in works.segmenter.manifest.classes], np.uint8)
    assert (mask == colours[bands(90, 50)]).all()
    report = decode_report(works.store.objects[event.report_key])
    assert (report.width, report.height) == (50, 90)
    assert {"fetch", "decode", "plan", "forward", "stitch", "encode"} <= report.seconds.keys()
    assert works.store.content_types[event.report_key] == "application/json"


async def test_each_event_carries_all_facts_of_its_request(works: Works) -> None:
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    started, finished = works.events(request)
    for event in (started, finished):
        for fact in ("tenant", "photo_key", "photo_sha256", "digest", "options", "accepted_at", "expires_at"):
            assert getattr(event, fact) == getattr(request, fact)
        assert (event.request_partition, event.request_offset, event.attempt) == (0, 0, 1)
    assert started.kind is JobStatus.STARTED
    assert started.started_at == started.at == finished.started_at
    assert finished.model == works.segmenter.ref


class SlowToStart(MemoryLog):
    """Confirms a `started` only when the test says so."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.go = asyncio.Event()

    @override
    async def publish_event(self, event: JobEvent) -> None:
        if event.kind is JobStatus.STARTED:
            await self.go.wait()
        await super().publish_event(event)


async def test_work_does_not_wait_for_started_but_the_outcome_does(works: Works) -> None:
    works.log = log = SlowToStart(works.clock)
    works.start()
    request = await works.submit()
    await until(lambda: len(works.objects_of(request)) == 4)
    for _ in range(50):
        await asyncio.sleep(0)
    assert works.kinds(request) == []
    log.go.set()
    await until(works.ended(request))
    assert works.kinds(request) == [JobStatus.STARTED, JobStatus.FINISHED]


async def test_a_job_whose_photo_is_gone_waits_for_no_started_that_does_not_get_through(works: Works) -> None:
    works.log = SlowToStart(works.clock)
    works.start()
    request = await works.submit()
    works.erase_photo(request)
    await until(lambda: works.outcomes("erased"))
    await works.drained()
    assert works.kinds(request) == [JobStatus.FAILED]
    assert await works.remaining() == []


async def test_a_photo_that_cannot_be_read_fails_with_a_code_and_a_sentence_and_never_again(works: Works) -> None:
    works.start()
    broken, good = await works.submit(b"%PDF-1.7"), await works.submit()
    await until(works.ended(broken, good))
    error = works.events(broken)[-1].error
    assert error is not None
    assert error.code == "image_unreadable"
    assert error.sentence.endswith(".")
    assert works.events(broken)[-1].started_at is not None
    assert works.kinds(good)[-1] is JobStatus.FINISHED
    await works.drained()
    assert await works.remaining() == []
    assert works.log.dead_letters == []
    assert works.outcomes("failed", "image_unreadable") == 1


async def test_a_photo_above_the_limit_is_refused_by_the_worker_too(works: Works) -> None:
    works.limits = type(works.limits)(photo_max_pixels=100)
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    error = works.events(request)[-1].error
    assert error is not None
    assert error.code == "image_too_large"


async def test_an_expired_request_is_acknowledged_without_being_run(works: Works) -> None:
    expired, live = await works.submit(lifetime=10.0), await works.submit(lifetime=1000.0)
    works.clock.advance(10.0)
    works.start()
    await until(works.ended(live))
    await works.drained()
    assert works.kinds(expired) == []
    assert works.outcomes("expired") == 1
    assert await works.remaining() == []


async def test_a_record_that_cannot_be_decoded_goes_to_the_dead_letters_and_stops_nobody(works: Works) -> None:
    works.log.append(Topic.JOBS, 0, b"\x00not a record", b"key")
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    await until(lambda: works.outcomes("undecodable", "record_undecodable"))
    assert [letter.error.code for letter in works.log.dead_letters] == ["record_undecodable"]
    assert works.log.dead_letters[0].delivery.value == b"\x00not a record"
    await works.drained()
    assert await works.remaining() == []


async def test_the_worker_names_its_model_before_it_takes_a_job(works: Works) -> None:
    works.store.fail_next(2)
    request = await works.submit()
    works.start()
    await until(works.ended(request))
    ref = decode_ref(works.store.objects[works.keys.current_model()])
    assert ref == works.segmenter.ref
    manifest = decode_manifest(works.store.objects[works.keys.manifest(ref.name, ref.version)])
    assert manifest == works.segmenter.manifest
    assert works.naps


async def test_two_rounds_of_tiles_end_as_one_result(works: Works) -> None:
    works.segmenter = segmenter = NullSegmenter(rounds=2)
    works.start()
    request = await works.submit()
    await until(works.ended(request))
    assert works.kinds(request)[-1] is JobStatus.FINISHED
    assert segmenter.batch_sizes == [1, 1]


async def test_many_jobs_of_many_tenants_all_end_and_each_once(works: Works) -> None:
    works.start()
    requests = [await works.submit(png((index, 9, 9)), tenant=f"t-{index % 5}") for index in range(60)]
    await until(works.ended(*requests))
    assert all(works.kinds(request) == [JobStatus.STARTED, JobStatus.FINISHED] for request in requests)
    await works.drained()
    assert works.outcomes("finished") == 60
    assert works.count("rockseg_worker_jobs_in_flight") == 0
    assert await works.remaining() == []


async def test_what_jobs_wait_and_take_is_measured(works: Works) -> None:
    request = await works.submit()
    works.clock.advance(7.0)
    works.start()
    await until(works.ended(request))
    await works.drained()
    assert works.count("rockseg_job_queue_seconds_sum") == 7.0
    assert works.count("rockseg_job_seconds_count") == 1
    assert works.count("rockseg_worker_batch_tiles_count") == 1
    for stage in ("fetch", "decode", "plan", "forward", "stitch", "encode", "put"):
        assert works.count("rockseg_job_stage_seconds_count", stage=stage) == 1
