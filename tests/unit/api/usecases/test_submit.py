import asyncio
import hashlib

import pytest
from tests.unit.api.usecases.rig import Rig, png
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT

from rockseg_api.usecases.submit import INLINE_BYTES
from rockseg_core.codec.digest import request_digest
from rockseg_core.domain.errors import LogUnavailableError, PhotoRefusedError, StoreUnavailableError
from rockseg_core.domain.job import JobOptions, JobStatus

OPTIONS = JobOptions(mask_weight=0.25)


async def test_an_accepted_photo_is_in_the_store_and_its_request_in_the_log(rig: Rig) -> None:
    photo = png()
    sha256 = hashlib.sha256(photo).hexdigest()

    accepted = await rig.submit(TENANT, photo, OPTIONS)

    assert accepted.status is JobStatus.QUEUED
    [request] = rig.requests()
    assert request.job_id == accepted.job_id
    assert request.photo_key == f"some/prefix/jobs/{TENANT}/{accepted.job_id}/photo-{sha256[:16]}.png"
    assert rig.objects.objects == {request.photo_key: photo}
    assert rig.objects.content_types == {request.photo_key: "image/png"}
    assert (request.photo_sha256, request.digest) == (sha256, request_digest(sha256, OPTIONS))
    assert request.options == OPTIONS
    assert (request.accepted_at, request.expires_at) == (
        rig.site.clock.now(),
        rig.site.clock.now() + LIFETIME_SECONDS,
    )


async def test_without_a_key_the_same_photo_makes_two_jobs(rig: Rig) -> None:
    first, second = [await rig.submit(TENANT, png(), OPTIONS) for _ in range(2)]

    assert first.job_id != second.job_id
    assert len(rig.requests()) == 2


async def test_a_large_photo_goes_the_same_way(rig: Rig) -> None:
    photo = png() + bytes(2 * INLINE_BYTES)  # a PNG may have a tail

    accepted = await rig.submit(TENANT, photo, OPTIONS)

    assert list(rig.objects.objects.values()) == [photo]
    assert [request.job_id for request in rig.requests()] == [accepted.job_id]


@pytest.mark.parametrize("photo", [b"", b"no photo", png()[:-20], b"%PDF-1.7" + bytes(2 * INLINE_BYTES)])
async def test_a_refused_photo_leaves_nothing_anywhere(rig: Rig, photo: bytes) -> None:
    with pytest.raises(PhotoRefusedError):
        await rig.submit(TENANT, photo, OPTIONS, "a key")

    assert not rig.objects.objects
    assert not rig.requests()


@pytest.mark.parametrize("key", [None, "a key"])
async def test_parts_that_never_answer_are_given_up_in_time_and_the_photo_is_not_announced(
    rig: Rig, key: str | None
) -> None:
    async def hang(_call: str, _key: str) -> None:
        await asyncio.Event().wait()

    rig.store.hook = hang
    rig.submit._answer_seconds = 0.1
    for _ in range(2):
        with pytest.raises(LogUnavailableError):
            await rig.submit(TENANT, png(), OPTIONS, key)
    assert not rig.requests()

    rig.store.hook = None
    rig.submit._answer_seconds = 30.0
    await rig.submit(TENANT, png(), OPTIONS, key)
    assert len(rig.requests()) == 1


async def test_a_photo_that_the_store_did_not_take_is_not_announced(rig: Rig) -> None:
    rig.objects.unavailable = True
    with pytest.raises(StoreUnavailableError):
        await rig.submit(TENANT, png(), OPTIONS)

    assert not rig.requests()


async def test_after_a_failed_publish_nothing_is_deleted(rig: Rig) -> None:
    rig.site.log.unavailable = True
    with pytest.raises(LogUnavailableError):
        await rig.submit(TENANT, png(), OPTIONS)

    assert list(rig.objects.objects.values()) == [png()]


async def test_a_publish_whose_answer_was_lost_is_a_job_that_runs(rig: Rig) -> None:
    rig.site.log.lose_next_answer()
    with pytest.raises(LogUnavailableError):
        await rig.submit(TENANT, png(), OPTIONS)

    [request] = rig.requests()
    assert rig.objects.objects == {request.photo_key: png()}
    assert (await rig.view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
