from uuid import uuid4

import pytest
from tests.unit.api.usecases.rig import Rig, rigged
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site

from rockseg_api.errors import JobGoneError, JobUnknownError, ViewNotReadyError
from rockseg_core.domain.errors import LogUnavailableError, StoreUnavailableError
from rockseg_core.domain.job import JobStatus, Tenant
from rockseg_core.testing.memory_store import MemoryStore


async def test_an_erased_job_is_gone_on_every_replica_and_so_are_its_objects(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:
        job_id, other = await here.finished(), await here.finished()
        await there.read.overlay(await there.read.status(TENANT, job_id), weight=None, legend=True)
        await there.renderer.close()
        kept = here.of_job(other)

        await here.erase(TENANT, job_id)

        for replica in (here, there):
            with pytest.raises(JobGoneError):
                await replica.read.status(TENANT, job_id)
        assert not here.of_job(job_id)
        assert here.of_job(other) == kept


async def test_the_photo_goes_first(rig: Rig) -> None:
    job_id = await rig.finished()
    await rig.erase(TENANT, job_id)

    deleted = rig.store.names("delete")
    assert deleted[0].startswith("photo-")
    assert {name.partition("-")[0] for name in deleted} == {"photo", "mask", "confidence", "report"}
    assert rig.store.calls.index(("delete", rig.requests()[0].photo_key)) < [c for c, _ in rig.store.calls].index(
        "keys"
    )


async def test_nothing_is_deleted_before_the_erasure_is_in_the_log_and_read_back(rig: Rig) -> None:
    job_id = await rig.finished()
    seen = []

    async def look(call: str, _key: str) -> None:
        if call == "delete":
            seen.append((rig.site.log.events()[-1].kind, rig.view._table.read(job_id).status))

    rig.store.hook = look
    await rig.erase(TENANT, job_id)

    assert set(seen) == {(JobStatus.ERASED, JobStatus.ERASED)}


async def test_an_unknown_job_and_another_tenants_are_one_404(rig: Rig) -> None:
    job_id = await rig.finished()
    for tenant, unknown in ((TENANT, uuid4()), (Tenant("other"), job_id)):
        with pytest.raises(JobUnknownError):
            await rig.erase(tenant, unknown)

    assert (await rig.read.status(TENANT, job_id)).job.status is JobStatus.FINISHED
    assert len(rig.of_job(job_id)) == 4


async def test_a_second_erasure_and_one_of_an_expired_job_say_gone(rig: Rig) -> None:
    job_id, expired = await rig.finished(), await rig.finished()
    await rig.erase(TENANT, job_id)
    with pytest.raises(JobGoneError):
        await rig.erase(TENANT, job_id)
    rig.site.clock.advance(LIFETIME_SECONDS)
    with pytest.raises(JobGoneError):
        await rig.erase(TENANT, expired)

    assert [event.kind for event in rig.site.log.events()].count(JobStatus.ERASED) == 1


async def test_a_queued_job_can_be_erased_and_no_late_outcome_brings_it_back(rig: Rig) -> None:
    job_id = await rig.finished()
    [late] = rig.site.log.events()
    await rig.erase(TENANT, job_id)
    await rig.site.log.publish_event(late)

    with pytest.raises(JobGoneError):
        await rig.read.status(TENANT, job_id)


@pytest.mark.parametrize("switch", ["feed", "log"])
async def test_without_the_log_nothing_is_erased_nor_deleted(site: Site, switch: str) -> None:
    feed = site.feed()
    async with rigged(site, feed=feed, barrier_seconds=0.1) as rig:
        job_id = await rig.finished()
        await rig.read.status(TENANT, job_id)
        if switch == "feed":
            feed.away = True
            with pytest.raises(ViewNotReadyError):
                await rig.erase(TENANT, job_id)
        else:
            await rig.view.barrier()
            rig.site.log.publish_event = unreachable  # type: ignore[method-assign] - the feed answers, publishing fails
            with pytest.raises(LogUnavailableError):
                await rig.erase(TENANT, job_id)

        assert len(rig.of_job(job_id)) == 4
        assert JobStatus.ERASED not in {event.kind for event in site.log.events()}


async def unreachable(_event: object) -> None:
    raise LogUnavailableError


async def test_what_an_erasure_could_not_delete_the_sweep_deletes_a_minute_later(rig: Rig) -> None:
    job_id = await rig.finished()
    rig.objects.unavailable = True
    with pytest.raises(StoreUnavailableError):
        await rig.erase(TENANT, job_id)
    rig.objects.unavailable = False
    with pytest.raises(JobGoneError):
        await rig.read.status(TENANT, job_id)
    assert await rig.sweep.sweep() == 0  # its eraser may be at it still
    rig.site.clock.advance(60)

    assert await rig.sweep.sweep() == 1

    assert not rig.objects.objects
