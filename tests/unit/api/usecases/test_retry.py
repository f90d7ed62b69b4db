from collections.abc import AsyncIterator

import pytest
from tests.contract.examples import a_request, an_event

from rockseg_api.errors import JobGoneError, ViewNotReadyError
from rockseg_api.usecases.retry import RetryJob, retried_id
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.errors import LogUnavailableError, PhotoGoneError
from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.domain.records import JobRequest
from rockseg_core.testing import FakeClock, MemoryLog, MemoryStore

LIFETIME_SECONDS = 3600.0


class World:
    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), FakeClock()
        self.log = MemoryLog(self.clock)
        self.view = JobView(":memory:", self.log, self.clock, LIFETIME_SECONDS, barrier_seconds=1)
        self.retry = RetryJob(
            store=self.store,
            log=self.log,
            view=self.view,
            clock=self.clock,
            keys=ObjectKeys("pre/"),
            lifetime_seconds=LIFETIME_SECONDS,
        )

    async def requests(self) -> list[JobRequest]:
        batch = await anext(self.log.follow({}))
        return [record.record for record in batch.records if isinstance(record.record, JobRequest)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.view.start()
    await world.view.caught_up()
    yield world
    await world.view.stop()


async def test_a_retry_is_a_new_job_with_a_photo_and_a_lifetime_of_its_own(world: World) -> None:
    old = a_request()
    await world.store.put(old.photo_key, b"photo", "image/jpeg")
    world.clock.advance(1000)
    assert await world.retry(old, "once") is None
    (new,) = await world.requests()
    job_id = retried_id(old, "once")
    assert new.job_id == job_id != old.job_id
    assert new.photo_key.startswith(f"pre/jobs/acme/{job_id}/photo-")
    assert await world.store.get(new.photo_key) == b"photo"
    assert (new.accepted_at, new.expires_at) == (world.clock.now(), world.clock.now() + LIFETIME_SECONDS)
    assert (new.tenant, new.options, new.digest, new.photo_sha256) == (
        old.tenant,
        old.options,
        old.digest,
        old.photo_sha256,
    )


async def test_a_retry_that_was_cut_short_and_is_sent_again_is_the_same_job(world: World) -> None:
    old = a_request()
    await world.store.put(old.photo_key, b"photo", "image/jpeg")
    world.log.lose_next_answer()
    with pytest.raises(LogUnavailableError):
        await world.retry(old, "once")
    before = await world.retry(old, "once")
    assert before is not None
    assert before.status is JobStatus.QUEUED
    assert [request.job_id for request in await world.requests()] == [retried_id(old, "once")] == [before.job_id]
    assert await world.retry(old, "twice") is None
    assert retried_id(old, "twice") != before.job_id


async def test_what_was_erased_after_its_retry_does_not_come_back(world: World) -> None:
    old = a_request()
    await world.store.put(old.photo_key, b"photo", "image/jpeg")
    await world.retry(old, "once")
    (new,) = await world.requests()
    await world.store.delete(new.photo_key)
    await world.log.publish_event(an_event(new, JobStatus.ERASED))
    with pytest.raises(JobGoneError):
        await world.retry(old, "once")
    assert not await world.store.exists(new.photo_key)
    assert len(await world.requests()) == 1


async def test_a_log_that_is_away_leaves_a_retry_to_be_sent_again(world: World) -> None:
    old = a_request()
    await world.store.put(old.photo_key, b"photo", "image/jpeg")
    world.log.unavailable = True
    with pytest.raises(ViewNotReadyError):
        await world.retry(old, "once")
    world.log.unavailable = False
    assert not any((await world.log.ends()).values())


async def test_a_job_whose_photo_is_gone_cannot_be_retried(world: World) -> None:
    with pytest.raises(PhotoGoneError):
        await world.retry(a_request(), "once")
    assert (await world.log.ends()).popitem()[1] == 0
