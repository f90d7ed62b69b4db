from uuid import UUID

import pytest
from tests.unit.api.usecases.rig import LONGEST_QUEUE_SECONDS, Rig, png, rigged
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site

from rockseg_api.errors import QueueTooLongError, TooManyUnfinishedError
from rockseg_core.domain.errors import PhotoRefusedError
from rockseg_core.domain.job import JobOptions, Tenant

OPTIONS = JobOptions()
OTHER = Tenant("other")


async def submit(rig: Rig, *, tenant: Tenant = TENANT, key: str | None = None) -> UUID:
    accepted = await rig.submit(tenant, png(), OPTIONS, key)
    assert await rig.view.barrier()
    return accepted.job_id


async def test_a_tenant_at_its_cap_is_refused_while_others_are_not_and_leaves_nothing_behind(site: Site) -> None:
    async with rigged(site, most_unfinished=2) as rig:
        for _ in range(2):
            await submit(rig)
        objects = dict(rig.objects.objects)

        with pytest.raises(TooManyUnfinishedError, match="2 of your jobs"):
            await submit(rig)

        assert rig.objects.objects == objects
        assert len(rig.requests()) == 2
        await submit(rig, tenant=OTHER)


async def test_a_job_that_ends_is_erased_or_expires_makes_room_for_another(site: Site) -> None:
    async with rigged(site, most_unfinished=1) as rig:
        await rig.finish(await submit(rig))
        assert await rig.view.barrier()
        await rig.erase(TENANT, await submit(rig))
        await submit(rig)
        site.clock.advance(LIFETIME_SECONDS)
        await submit(rig)


async def test_at_its_cap_a_repeat_still_meets_its_own_job(site: Site) -> None:
    async with rigged(site, most_unfinished=1) as rig:
        await submit(rig, key="one")
        first = await rig.submit(TENANT, png(), OPTIONS, "one")
        assert first.job_id == rig.requests()[0].job_id
        with pytest.raises(TooManyUnfinishedError):
            await rig.submit(TENANT, png(), OPTIONS, "two")


async def test_nothing_more_is_taken_while_a_job_of_anybody_has_waited_too_long(rig: Rig, site: Site) -> None:
    await submit(rig, tenant=OTHER)
    site.clock.advance(LONGEST_QUEUE_SECONDS)
    await submit(rig)
    site.clock.advance(1)
    with pytest.raises(QueueTooLongError):
        await submit(rig)
    assert rig.view.queue_seconds() == LONGEST_QUEUE_SECONDS + 1

    [theirs] = [request.job_id for request in rig.requests() if request.tenant == OTHER]
    await rig.erase(OTHER, theirs)
    assert rig.view.queue_seconds() == 1
    await submit(rig)


async def test_a_photo_that_is_none_says_so_even_to_a_tenant_at_its_cap(site: Site) -> None:
    async with rigged(site, most_unfinished=1) as rig:
        await submit(rig)
        with pytest.raises(PhotoRefusedError):
            await rig.submit(TENANT, b"no photo", OPTIONS)
