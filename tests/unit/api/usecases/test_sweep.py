import asyncio

import pytest
from tests.unit.api.usecases.rig import Rig, png, rigged
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site

from rockseg_api.errors import JobGoneError, JobUnknownError
from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.domain.job import JobOptions
from rockseg_core.testing.memory_store import MemoryStore

HOUR = 3600.0


async def test_the_objects_of_expired_jobs_are_deleted_and_no_others(rig: Rig) -> None:
    expired = [await rig.finished() for _ in range(20)]
    rig.site.clock.advance(LIFETIME_SECONDS - 1)
    assert await rig.sweep.sweep() == 0
    young = await rig.finished()
    kept = rig.of_job(young)
    rig.site.clock.advance(1)

    assert await rig.sweep.sweep() == len(expired)

    assert rig.of_job(young) == kept
    assert len(rig.objects.objects) == len(kept)
    assert await rig.sweep.sweep() == 0  # each but once


async def test_every_replica_may_sweep_the_same_jobs(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:
        await here.finished()
        site.clock.advance(LIFETIME_SECONDS)

        assert await asyncio.gather(here.sweep.sweep(), there.sweep.sweep()) == [1, 1]
        assert not objects.objects


async def test_rows_stay_for_an_hour_and_are_dropped_then(rig: Rig) -> None:
    job_id = await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR - 1)
    await rig.sweep.sweep()
    with pytest.raises(JobGoneError):
        await rig.read.status(TENANT, job_id)
    assert rig.view._table.read(job_id) is not None
    rig.site.clock.advance(1)
    await rig.sweep.sweep()

    assert rig.view._table.read(job_id) is None
    with pytest.raises(JobUnknownError):
        await rig.read.status(TENANT, job_id)


async def test_a_row_whose_objects_could_not_be_deleted_is_kept_until_they_are(rig: Rig) -> None:
    job_id = await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR)
    rig.objects.unavailable = True
    with pytest.raises(StoreUnavailableError):
        await rig.sweep.sweep()
    rig.objects.unavailable = False

    assert await rig.sweep.sweep() == 1
    assert not rig.objects.objects
    assert rig.view._table.read(job_id) is None


async def test_the_objects_of_a_job_that_took_over_a_forgotten_id_are_left_alone(site: Site) -> None:
    feed = site.feed()
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects, feed=feed) as late:
        await here.submit(TENANT, png(), JobOptions(), "a key")
        await late.view.barrier()
        feed.hold.clear()  # it has the old row and learns nothing more for now
        site.clock.advance(LIFETIME_SECONDS + HOUR)
        await here.sweep.sweep()
        again = await here.submit(TENANT, png(), JobOptions(), "a key")
        sweeping = asyncio.create_task(late.sweep.sweep())
        await asyncio.sleep(0)
        feed.hold.set()

        assert await sweeping == 0
        assert here.of_job(again.job_id)


async def test_without_the_log_nothing_is_swept(site: Site) -> None:
    feed = site.feed()
    async with rigged(site, feed=feed, barrier_seconds=0.1) as rig:
        await rig.finished()
        await rig.view.barrier()
        site.clock.advance(LIFETIME_SECONDS)
        feed.away = True

        assert await rig.sweep.sweep() == 0
        assert rig.objects.objects


async def test_the_sweep_outlives_an_outage_of_the_store(rig: Rig) -> None:
    await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS)
    rig.objects.fail_next()
    sweeping = asyncio.create_task(rig.sweep.run_for_ever(interval_seconds=0.001))
    try:
        async with asyncio.timeout(10):
            while rig.objects.objects:  # noqa: ASYNC110 - the store has no event; the loop has a deadline
                await asyncio.sleep(0.001)
    finally:
        sweeping.cancel()
