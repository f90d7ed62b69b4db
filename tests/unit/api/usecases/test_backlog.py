import asyncio

from prometheus_client import CollectorRegistry
from tests.unit.api.usecases.rig import Rig, png
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT

from rockseg_api.metrics import ApiMetrics
from rockseg_api.usecases.backlog import watch_backlog
from rockseg_core.domain.fold import event_of
from rockseg_core.domain.job import JobOptions, JobStatus, Tenant


async def test_what_waits_and_runs_of_all_tenants_is_told_with_the_age_of_the_oldest(rig: Rig) -> None:
    first = (await rig.submit(TENANT, png(), JobOptions())).job_id
    rig.site.clock.advance(10)
    second = (await rig.submit(Tenant("other"), png(), JobOptions())).job_id
    assert await rig.view.barrier()
    backlog = rig.view.backlog()
    assert (backlog.queued, backlog.started, backlog.oldest_seconds) == (2, 0, 10.0)

    started = event_of((await rig.view.get(TENANT, first)).job, JobStatus.STARTED, rig.site.clock.now())
    await rig.site.log.publish_event(started)
    assert await rig.view.barrier()
    assert (rig.view.backlog().queued, rig.view.backlog().started) == (1, 1)

    await rig.finish(first)
    await rig.erase(Tenant("other"), second)
    third = (await rig.submit(TENANT, png(), JobOptions())).job_id
    assert await rig.view.barrier()
    assert rig.view.backlog().queued == 1
    rig.site.clock.advance(LIFETIME_SECONDS)
    assert (await rig.view.barrier(), rig.view.backlog().queued) == (True, 0)
    assert third not in {first, second}


async def test_prometheus_is_told_again_and_again(rig: Rig) -> None:
    registry = CollectorRegistry()
    watching = asyncio.create_task(watch_backlog(rig.view, ApiMetrics(registry), look_seconds=0.001))

    async def told(queued: float) -> None:
        async with asyncio.timeout(20):
            while registry.get_sample_value("rockseg_api_unfinished_jobs", {"status": "queued"}) != queued:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    await told(0)
    await rig.submit(TENANT, png(), JobOptions())
    assert await rig.view.barrier()
    await told(1)
    rig.site.clock.advance(60)
    async with asyncio.timeout(20):
        while registry.get_sample_value("rockseg_api_oldest_unfinished_seconds") != 60:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    watching.cancel()
