"""Reads are linearizable across replicas: whatever was published before a read began is in its answer."""

import asyncio
import random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.api.view.replicas import TENANT, Site, new_site

from rockseg_api.view.job_view import JobView
from rockseg_core.domain.job import JobStatus
from rockseg_core.testing.memory_topic import MemoryLane

STEPS = [JobStatus.QUEUED, JobStatus.STARTED, JobStatus.FINISHED]


async def test_a_read_does_not_join_a_look_up_that_began_before_it(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed) as view:
        feed.answer.clear()
        early = asyncio.create_task(view.barrier())
        await feed.looked_up.get()  # the ends are known, and on their way
        feed.hold.clear()
        request, _ = await site.submit()
        late = asyncio.create_task(view.get(TENANT, request.job_id))
        await asyncio.sleep(0)
        feed.answer.set()
        await feed.looked_up.get()
        assert not late.done()
        feed.hold.set()

        assert (await late).job.status is JobStatus.QUEUED
        assert await early


async def test_reads_that_wait_share_one_look_up(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed) as view:
        request, _ = await site.submit()
        feed.answer.clear()
        first = asyncio.create_task(view.get(TENANT, request.job_id))
        await feed.looked_up.get()
        others = [asyncio.create_task(view.get(TENANT, request.job_id)) for _ in range(50)]
        await asyncio.sleep(0)
        feed.answer.set()
        await asyncio.gather(first, *others)

    assert feed.look_ups == 2


async def test_a_look_up_that_never_answers_keeps_nobody_waiting_and_stops_no_later_one(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed, barrier_seconds=0.2) as view:
        request, position = await site.submit()
        await view.get(TENANT, request.job_id)
        feed.answer.clear()
        began = asyncio.get_running_loop().time()

        assert (await view.get(TENANT, request.job_id)).stale
        assert asyncio.get_running_loop().time() - began < 2

        feed.answer.set()
        await site.say(request, position, JobStatus.STARTED)
        reading = await view.get(TENANT, request.job_id)
        assert (reading.job.status, reading.stale) == (JobStatus.STARTED, False)


async def test_a_short_absence_of_the_log_is_waited_out(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed) as view:
        request, _ = await site.submit()
        feed.away = True
        reading = asyncio.create_task(view.get(TENANT, request.job_id))
        await asyncio.sleep(0)
        feed.away = False

        assert not (await reading).stale


async def test_a_reader_that_hangs_up_takes_nothing_from_the_others(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed) as view:
        request, _ = await site.submit()
        feed.answer.clear()
        readers = [asyncio.create_task(view.get(TENANT, request.job_id)) for _ in range(3)]
        await feed.looked_up.get()
        readers[0].cancel()
        feed.answer.set()

        assert [reading.stale for reading in await asyncio.gather(*readers[1:])] == [False, False]


async def test_a_partition_added_later_is_waited_for_too(site: Site) -> None:
    async with site.view() as view:
        await site.submit()
        assert await view.barrier()
        for topic in site.log._topics.values():
            topic.lanes.extend(MemoryLane() for _ in range(6))
        site.log._partitions = 8
        requests = [(await site.submit())[0] for _ in range(40)]

        for request in requests:
            assert not (await view.get(TENANT, request.job_id)).stale


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_no_read_on_any_replica_is_behind_what_was_published_or_seen_before_it_began(
    seed: int, partitions: int, replicas: int
) -> None:
    chance = random.Random(seed)
    told: dict[UUID, int] = {}  # how far each job has come for sure: a publish has returned, or a reader has seen it

    def tell(job_id: UUID, step: int) -> None:
        told[job_id] = max(told.pop(job_id, 0), step)  # and becomes the last in order

    async def publish(site: Site) -> None:
        for _ in range(4):
            request, position = await site.submit()
            tell(request.job_id, 0)
            for step in (1, 2):
                for _ in range(chance.randrange(20)):
                    await asyncio.sleep(0)
                await site.say(request, position, STEPS[step])
                tell(request.job_id, step)

    async def read(views: list[JobView]) -> None:
        for _ in range(30):
            await asyncio.sleep(0)
            if not told:
                continue
            job_id = chance.choice([chance.choice(list(told)), list(told)[-1]])  # the latest, more often than not
            at_least = told[job_id]
            reading = await chance.choice(views).get(TENANT, job_id)  # an unknown one raises
            assert not reading.stale
            seen = STEPS.index(reading.job.status)
            assert seen >= at_least
            tell(job_id, seen)

    async def story() -> None:
        site = new_site(partitions)
        async with (
            site.view(site.feed(jitter=chance)) as one,
            site.view(site.feed(jitter=chance)) as two,
            site.view(site.feed(jitter=chance)) as three,
        ):
            views = [one, two, three][:replicas]
            await asyncio.gather(*(publish(site) for _ in range(3)), *(read(views) for _ in range(6)))

    asyncio.run(story())
