import asyncio
from uuid import UUID

from tests.contract.examples import a_request, an_event
from tests.contract.log_parts import LogPart, publish, read_up_to, soon, take

from rockseg_core.domain.job import JobError, JobStatus, RequestPosition
from rockseg_core.ports.feed import Extent, LogPartition, Topic

JOBS, EVENTS = LogPartition(Topic.JOBS, 0), LogPartition(Topic.JOB_EVENTS, 0)


async def test_what_is_published_is_followed_whole_and_in_order(part: LogPart) -> None:
    requests = [a_request() for _ in range(5)]
    positions = [await part.log.publish_request(request) for request in requests]
    events = [an_event(requests[0], kind, offset=0) for kind in (JobStatus.STARTED, JobStatus.FINISHED)]
    for event in events:
        await part.log.publish_event(event)
    found = await read_up_to(part.feed, await part.feed.ends())
    assert positions == [RequestPosition(0, offset) for offset in range(5)]
    assert [(r.offset, r.record) for r in found if r.at == JOBS] == list(enumerate(requests))
    assert [(r.offset, r.record) for r in found if r.at == EVENTS] == list(enumerate(events))


async def test_a_look_at_the_ends_sees_every_publish_that_returned_before_it(part: LogPart) -> None:
    async def submit() -> None:
        for _ in range(10):
            position = await part.log.publish_request(a_request())
            assert (await part.feed.ends())[JOBS] > position.offset

    await asyncio.gather(*(submit() for _ in range(8)))
    assert await part.feed.ends() == {JOBS: 80, EVENTS: 0}


async def test_requests_published_at_once_get_an_offset_each(part: LogPart) -> None:
    positions = await asyncio.gather(*(part.log.publish_request(a_request()) for _ in range(100)))
    assert sorted(position.offset for position in positions) == list(range(100))


async def test_one_who_waits_for_records_gets_those_that_come(part: LogPart) -> None:
    following = part.feed.follow({})
    for _ in range(3):
        waiting = asyncio.ensure_future(anext(following))
        request = a_request()
        position = await part.log.publish_request(request)
        (record,) = (await soon(waiting)).records
        assert (record.at, record.offset, record.record) == (JOBS, position.offset, request)


async def test_two_followers_each_get_everything(part: LogPart) -> None:
    await publish(part, 3)
    ends = await part.feed.ends()
    first, second = await asyncio.gather(read_up_to(part.feed, ends), read_up_to(part.feed, ends))
    assert first == second
    assert len(first) == 3


async def test_following_begins_where_it_is_told_and_from_the_beginning_where_it_is_not(part: LogPart) -> None:
    await publish(part, 4)
    for _ in range(2):
        await part.log.publish_event(an_event(a_request(), JobStatus.STARTED))
    found = await read_up_to(part.feed, await part.feed.ends(), {JOBS: 3})
    assert [r.offset for r in found if r.at == JOBS] == [3]
    assert [r.offset for r in found if r.at == EVENTS] == [0, 1]


async def test_more_records_than_one_batch_holds_come_without_a_gap(part: LogPart) -> None:
    await asyncio.gather(*(publish(part, 15) for _ in range(100)))
    found = await read_up_to(part.feed, await part.feed.ends())
    assert [record.offset for record in found] == list(range(1500))


async def test_what_is_no_record_of_ours_is_followed_as_none_and_stops_nobody(part: LogPart) -> None:
    strays = [
        None,
        b"",
        b"not json",
        b'{"type":"job_rumour","schema":1}',
        b'{"type":"job_request","schema":1}',
        b"\xff",
    ]
    for stray in strays:
        await part.append(Topic.JOBS, 0, stray)
        await part.append(Topic.JOB_EVENTS, 0, stray)
    request = a_request()
    await part.log.publish_request(request)
    found = await read_up_to(part.feed, await part.feed.ends())
    assert [r.record for r in found if r.at == JOBS] == [None] * len(strays) + [request]
    assert [r.record for r in found if r.at == EVENTS] == [None] * len(strays)


async def test_extents_tell_where_a_time_lies(part: LogPart) -> None:
    began = part.clock.now()
    for _ in range(3):
        await publish(part, 2)
        part.clock.advance(100)
    await part.log.publish_event(an_event(a_request(), JobStatus.STARTED))
    assert await part.feed.extents(began - 1) == {JOBS: Extent(0, 0, 6), EVENTS: Extent(0, 0, 1)}
    assert (await part.feed.extents(began + 100))[JOBS] == Extent(0, 2, 6)
    assert (await part.feed.extents(began + 101))[JOBS] == Extent(0, 4, 6)
    assert await part.feed.extents(began + 1000) == {JOBS: Extent(0, 6, 6), EVENTS: Extent(0, 1, 1)}


async def test_the_log_s_time_never_goes_back_though_the_clock_does(part: LogPart) -> None:
    began = part.clock.now()
    part.clock.advance(100)
    await publish(part, 1)
    part.clock.advance(-100)
    await publish(part, 1)
    assert (await part.feed.extents(began + 50))[JOBS] == Extent(0, 0, 2)


async def test_an_empty_log_has_extents_too(part: LogPart) -> None:
    assert await part.feed.extents(0) == {JOBS: Extent(0, 0, 0), EVENTS: Extent(0, 0, 0)}


async def test_a_dead_letter_is_taken_and_shows_in_no_view(part: LogPart) -> None:
    await part.append(Topic.JOBS, 0, b"not json")
    source = part.deliveries()
    (delivery,) = await take(source, 1)
    await part.log.publish_dead_letter(delivery, JobError("record_undecodable", "Not one of our records."))
    assert await part.feed.ends() == {JOBS: 1, EVENTS: 0}
    await source.close()


async def test_all_that_is_said_of_a_job_stands_in_one_partition(wide: LogPart) -> None:
    for number in range(12):
        request = a_request(UUID(int=number))
        first = await wide.log.publish_request(request)
        again = await wide.log.publish_request(request)
        assert first.partition == again.partition
        event = an_event(request, JobStatus.STARTED, partition=first.partition, offset=first.offset)
        await wide.log.publish_event(event)
    ends = await wide.feed.ends()
    assert len(ends) == 6
    of_jobs = {at.partition: end for at, end in ends.items() if at.topic is Topic.JOBS}
    of_events = {at.partition: end for at, end in ends.items() if at.topic is Topic.JOB_EVENTS}
    assert of_jobs == {partition: 2 * end for partition, end in of_events.items()}
    assert len([partition for partition, end in of_jobs.items() if end]) > 1
    found = await read_up_to(wide.feed, ends)
    for at, end in ends.items():
        assert [r.offset for r in found if r.at == at] == list(range(end))


async def test_records_outlive_the_process_and_offsets_go_on(lasting: LogPart) -> None:
    requests = [a_request() for _ in range(3)]
    for request in requests:
        await lasting.log.publish_request(request)
    await lasting.reopen()
    assert [r.record for r in await read_up_to(lasting.feed, await lasting.feed.ends())] == requests
    assert (await lasting.log.publish_request(a_request())).offset == 3
