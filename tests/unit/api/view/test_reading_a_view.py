"""What a view answers about one job: to whom, and until when."""

from uuid import uuid4

import pytest
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site, until

from rockseg_api.errors import JobGoneError, JobUnknownError, ViewNotReadyError
from rockseg_core.domain.job import JobStatus, Tenant
from rockseg_core.ports.feed import Topic

HOUR = 3600.0


async def test_a_submitted_job_is_queued(site: Site) -> None:
    async with site.view() as view:
        request, position = await site.submit()

        reading = await view.get(TENANT, request.job_id)

    assert reading.job.status is JobStatus.QUEUED
    assert reading.job.request == position
    assert not reading.stale


async def test_a_job_goes_through_its_steps_with_their_times(site: Site) -> None:
    async with site.view() as view:
        accepted_at = site.clock.now()
        request, position = await site.submit()
        site.clock.advance(2)
        await site.say(request, position, JobStatus.STARTED)
        assert (await view.get(TENANT, request.job_id)).job.started_at == accepted_at + 2
        site.clock.advance(3)
        await site.say(request, position, JobStatus.FINISHED)

        job = (await view.get(TENANT, request.job_id)).job

    assert (job.status, job.accepted_at, job.finished_at) == (JobStatus.FINISHED, accepted_at, accepted_at + 5)


async def test_an_event_that_overtakes_its_request_is_enough(site: Site) -> None:
    async with site.view() as view:
        request, position = await site.submit()
        await site.say(request, position, JobStatus.STARTED, JobStatus.FINISHED)
        async with site.view() as late:  # reads the topics in whatever order the log hands them out
            first, second = await view.get(TENANT, request.job_id), await late.get(TENANT, request.job_id)

    assert first == second
    assert first.job.status is JobStatus.FINISHED


async def test_an_unknown_job_and_one_of_another_tenant_cannot_be_told_apart(site: Site) -> None:
    async with site.view() as view:
        request, _ = await site.submit()
        with pytest.raises(JobUnknownError) as unknown:
            await view.get(TENANT, uuid4())
        with pytest.raises(JobUnknownError) as foreign:
            await view.get(Tenant("other"), request.job_id)

    assert unknown.value.sentence == foreign.value.sentence
    assert unknown.value.code == foreign.value.code == "job_unknown"


async def test_an_erased_job_of_another_tenant_is_unknown_and_not_gone(site: Site) -> None:
    async with site.view() as view:
        request, position = await site.submit()
        await site.say(request, position, JobStatus.ERASED)
        with pytest.raises(JobUnknownError):
            await view.get(Tenant("other"), request.job_id)


@pytest.mark.parametrize("last", [JobStatus.STARTED, JobStatus.FINISHED, JobStatus.ERASED])
@pytest.mark.parametrize("pruned", [False, True])
async def test_a_job_is_gone_by_the_clock_and_unknown_an_hour_later(
    site: Site, last: JobStatus, *, pruned: bool
) -> None:
    async with site.view() as view:
        request, position = await site.submit()
        await site.say(request, position, last)
        site.clock.advance(LIFETIME_SECONDS - 1)
        if last is not JobStatus.ERASED:
            assert (await view.get(TENANT, request.job_id)).job.status is last
        for step in (1, HOUR - 1):
            site.clock.advance(step)
            if pruned:
                view.settle([request.job_id])
                assert view.prune() == 0
            with pytest.raises(JobGoneError):
                await view.get(TENANT, request.job_id)
        site.clock.advance(1)
        if pruned:
            view.settle([request.job_id])
            assert view.prune() == 1
        with pytest.raises(JobUnknownError):
            await view.get(TENANT, request.job_id)


async def test_an_id_used_anew_after_it_was_forgotten_is_a_new_job_on_every_replica(site: Site) -> None:
    job_id = uuid4()
    async with site.view() as witness:  # still has the row of the first job
        old, old_position = await site.submit(job_id)
        await site.say(old, old_position, JobStatus.STARTED, JobStatus.FINISHED)
        await witness.get(TENANT, job_id)
        site.clock.advance(LIFETIME_SECONDS + HOUR + 1)
        new, position = await site.submit(job_id, digest="another")
        await site.say(old, old_position, JobStatus.FAILED)  # a late word on the old one
        assert (await witness.get(TENANT, job_id)).job.digest == "another"
        async with site.view() as newcomer:
            assert (await newcomer.get(TENANT, job_id)).job.digest == "another"
        await site.say(new, position, JobStatus.STARTED)
        assert (await witness.get(TENANT, job_id)).job.status is JobStatus.STARTED


async def test_a_duplicate_request_never_shows(site: Site) -> None:
    job_id = uuid4()
    async with site.view() as view:
        first, first_position = await site.submit(job_id, digest="first")
        second, second_position = await site.submit(job_id, digest="second")
        await site.say(second, second_position, JobStatus.STARTED, JobStatus.FINISHED)
        assert (await view.get(TENANT, job_id)).job.status is JobStatus.QUEUED
        await site.say(first, first_position, JobStatus.STARTED, JobStatus.FAILED)

        job = (await view.get(TENANT, job_id)).job

    assert (job.digest, job.status) == ("first", JobStatus.FAILED)


async def test_a_record_that_is_none_of_ours_is_skipped_and_counted(site: Site) -> None:
    async with site.view() as view:
        for stray in (None, b"", b"\xff", b'{"type": "job_request"}', b'{"type": "of another age"}'):
            site.log.append(Topic.JOBS, 0, stray)
        request, _ = await site.submit()

        assert not (await view.get(TENANT, request.job_id)).stale
        assert view.undecodable_records == 5
        assert view.applied_records == 6
        assert view.lag_records == 0


async def test_while_the_log_is_away_a_known_job_is_answered_as_stale_and_an_unknown_one_not_denied(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed, barrier_seconds=0.5) as view:
        request, position = await site.submit()
        await view.get(TENANT, request.job_id)
        feed.away = True
        await site.say(request, position, JobStatus.STARTED)

        assert (await view.get(TENANT, request.job_id)).stale
        for tenant, job_id in ((TENANT, uuid4()), (Tenant("other"), request.job_id)):
            with pytest.raises(ViewNotReadyError):
                await view.get(tenant, job_id)
        assert view.ready
        assert not view.log_reachable

        feed.away = False
        await until(lambda: view.log_reachable)
        reading = await view.get(TENANT, request.job_id)
        assert (reading.job.status, reading.stale) == (JobStatus.STARTED, False)
