"""A retry with the same Idempotency-Key meets its own job, on any replica and in any race (design §5)."""

import asyncio

import pytest
from tests.unit.api.usecases.rig import Rig, png, rigged
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site

from rockseg_api.errors import IdempotencyKeyReusedError, IdempotencyKeySpentError, ViewNotReadyError
from rockseg_api.usecases.submit import Accepted
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobOptions, JobStatus, Tenant, idempotent_job_id
from rockseg_core.testing.memory_store import MemoryStore

OPTIONS = JobOptions()
KEY = "order 66"


async def test_a_retry_gets_the_same_job_and_publishes_and_stores_nothing(rig: Rig) -> None:
    first = await rig.submit(TENANT, png(), OPTIONS, KEY)
    stored = rig.store.names("put")
    second = await rig.submit(TENANT, png(), OPTIONS, KEY)

    assert first == second == Accepted(idempotent_job_id(TENANT, KEY), JobStatus.QUEUED)
    assert len(rig.requests()) == 1
    assert rig.store.names("put") == stored


async def test_a_retry_is_told_the_present_status(rig: Rig) -> None:
    job_id = (await rig.submit(TENANT, png(), OPTIONS, KEY)).job_id
    await rig.finish(job_id)

    assert await rig.submit(TENANT, png(), OPTIONS, KEY) == Accepted(job_id, JobStatus.FINISHED)


@pytest.mark.parametrize(("shade", "options"), [(7, OPTIONS), (120, JobOptions(mask_weight=0.1))])
async def test_a_key_of_another_photo_or_other_options_is_refused(rig: Rig, shade: int, options: JobOptions) -> None:
    job_id = (await rig.submit(TENANT, png(), OPTIONS, KEY)).job_id
    with pytest.raises(IdempotencyKeyReusedError):
        await rig.submit(TENANT, png(shade), options, KEY)

    assert len(rig.requests()) == 1
    assert len(rig.of_job(job_id)) == 1


async def test_a_key_belongs_to_its_tenant(rig: Rig) -> None:
    mine = await rig.submit(TENANT, png(), OPTIONS, KEY)
    theirs = await rig.submit(Tenant("other"), png(7), OPTIONS, KEY)

    assert mine.job_id != theirs.job_id
    assert len(rig.requests()) == 2


async def test_the_key_of_an_erased_job_is_spent(rig: Rig) -> None:
    job_id = (await rig.submit(TENANT, png(), OPTIONS, KEY)).job_id
    await rig.erase(TENANT, job_id)
    with pytest.raises(IdempotencyKeySpentError):
        await rig.submit(TENANT, png(), OPTIONS, KEY)

    assert not rig.objects.objects
    assert len(rig.requests()) == 1


async def test_the_key_of_an_expired_job_is_spent_until_the_job_is_forgotten(rig: Rig) -> None:
    await rig.submit(TENANT, png(), OPTIONS, KEY)
    rig.site.clock.advance(LIFETIME_SECONDS)
    with pytest.raises(IdempotencyKeySpentError):
        await rig.submit(TENANT, png(), OPTIONS, KEY)
    rig.site.clock.advance(3600)

    again = await rig.submit(TENANT, png(7), OPTIONS, KEY)

    reading = await rig.read.status(TENANT, again.job_id)
    assert reading.job.accepted_at == rig.site.clock.now()
    assert reading.job.photo_key in rig.objects.objects


async def test_twins_at_one_replica_publish_once(rig: Rig) -> None:
    answers = await asyncio.gather(*(rig.submit(TENANT, png(), OPTIONS, KEY) for _ in range(20)))

    assert len(set(answers)) == 1
    assert len(rig.requests()) == 1
    assert not rig.submit._turns._locks  # nothing stays of the turns they took


async def test_a_twin_takes_its_turn_when_the_first_one_failed(rig: Rig) -> None:
    rig.objects.fail_next()
    first, second = await asyncio.gather(
        *(rig.submit(TENANT, png(), OPTIONS, KEY) for _ in range(2)), return_exceptions=True
    )

    assert isinstance(first, Exception)
    assert second == Accepted(idempotent_job_id(TENANT, KEY), JobStatus.QUEUED)
    assert len(rig.requests()) == 1


async def test_twins_at_two_replicas_are_one_job(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:
        answers = await asyncio.gather(
            *(replica.submit(TENANT, png(), OPTIONS, KEY) for replica in (here, there) for _ in range(3))
        )

        assert len(set(answers)) == 1
        first = min(here.requests(), key=lambda request: request.accepted_at)
        assert (await here.view.get(TENANT, first.job_id)) == (await there.view.get(TENANT, first.job_id))
        assert list(objects.objects) == [first.photo_key]


async def test_of_twins_with_two_photos_at_two_replicas_the_first_in_the_log_is_the_job(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:
        answers = await asyncio.gather(
            here.submit(TENANT, png(1), OPTIONS, KEY),
            there.submit(TENANT, png(2), OPTIONS, KEY),
            return_exceptions=True,
        )

        assert sorted(type(answer) for answer in answers if isinstance(answer, Exception)) == [
            IdempotencyKeyReusedError
        ]
        assert len(here.requests()) == 2  # both looked before either had published
        job = (await there.view.get(TENANT, idempotent_job_id(TENANT, KEY))).job
        assert job.digest == here.requests()[0].digest
        assert list(objects.objects) == [job.photo_key]  # the other took its photo back


async def test_a_twin_that_differs_in_options_alone_leaves_the_photo_that_both_name(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:
        answers = await asyncio.gather(
            here.submit(TENANT, png(), OPTIONS, KEY),
            there.submit(TENANT, png(), JobOptions(mask_weight=0.1), KEY),
            return_exceptions=True,
        )

        assert {type(answer) for answer in answers} == {Accepted, IdempotencyKeyReusedError}
        assert len(objects.objects) == 1


async def test_an_upload_that_loses_the_race_with_an_erasure_takes_its_photo_back(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:

        async def meanwhile(call: str, _key: str) -> None:
            if call == "put":  # the late twin has looked, and found no job
                there.store.hook = None
                await here.submit(TENANT, png(), OPTIONS, KEY)
                await here.erase(TENANT, idempotent_job_id(TENANT, KEY))

        there.store.hook = meanwhile
        with pytest.raises(IdempotencyKeySpentError):
            await there.submit(TENANT, png(), OPTIONS, KEY)

        assert len(here.requests()) == 2
        assert not objects.objects


async def test_a_retry_after_a_lost_answer_finds_the_job_that_landed(rig: Rig) -> None:
    rig.site.log.lose_next_answer()
    with pytest.raises(LogUnavailableError):
        await rig.submit(TENANT, png(), OPTIONS, KEY)

    assert (await rig.submit(TENANT, png(), OPTIONS, KEY)).status is JobStatus.QUEUED
    assert len(rig.requests()) == 1


async def test_while_the_log_is_out_of_reach_a_key_is_neither_new_nor_known(site: Site) -> None:
    feed = site.feed()
    async with rigged(site, feed=feed, barrier_seconds=0.5) as rig:
        await rig.submit(TENANT, png(), OPTIONS, KEY)
        feed.away = True

        for key in (KEY, "another key"):  # the known job may have been erased by now, at another replica
            with pytest.raises(ViewNotReadyError):
                await rig.submit(TENANT, png(), OPTIONS, key)
        assert len(rig.requests()) == 1
        assert len(rig.objects.objects) == 1


async def test_a_job_that_cannot_be_read_back_is_to_be_sent_again_with_its_key(site: Site) -> None:
    feed = site.feed()
    async with rigged(site, feed=feed, barrier_seconds=0.2) as rig:

        async def lose_the_log(call: str, _key: str) -> None:
            feed.away = call == "put"
            rig.store.hook = None

        rig.store.hook = lose_the_log
        with pytest.raises(ViewNotReadyError):
            await rig.submit(TENANT, png(), OPTIONS, KEY)
        assert len(rig.objects.objects) == 1
        feed.away = False
        async with asyncio.timeout(10):
            while not await rig.view.barrier():
                pass

        assert (await rig.submit(TENANT, png(), OPTIONS, KEY)).status is JobStatus.QUEUED
        assert len(rig.requests()) == 1
