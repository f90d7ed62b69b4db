import asyncio

import pytest
from tests.contract.examples import a_request
from tests.contract.log_parts import LogPart, publish, soon, take, waits

from rockseg_core.domain.job import RequestPosition
from rockseg_core.ports.feed import Topic


async def test_requests_come_in_order_with_attempt_one(part: LogPart) -> None:
    requests = [a_request() for _ in range(3)]
    for request in requests:
        await part.log.publish_request(request)
    source = part.deliveries()
    found = await take(source, 3)
    assert [(d.position, d.attempt, d.request) for d in found] == [
        (RequestPosition(0, offset), 1, request) for offset, request in enumerate(requests)
    ]
    assert not any(delivery.suspect for delivery in found)
    await source.close()


async def test_one_who_waits_gets_what_is_published_then(part: LogPart) -> None:
    source = part.deliveries()
    receiving = asyncio.ensure_future(source.receive())
    assert not receiving.done()
    await publish(part, 1)
    delivery = await soon(receiving)
    assert delivery is not None
    assert delivery.position.offset == 0
    await source.close()


async def test_at_most_eight_are_in_flight_and_an_acknowledgement_makes_room_for_one(part: LogPart) -> None:
    await publish(part, 12)
    source = part.deliveries()
    found = await take(source, 8)
    receiving = asyncio.ensure_future(source.receive())
    assert await waits(part, receiving)
    await source.acknowledge(found[5])
    ninth = await soon(receiving)
    assert ninth is not None
    assert ninth.position.offset == 8
    receiving = asyncio.ensure_future(source.receive())
    assert await waits(part, receiving)
    source.stop()
    await source.close()


async def test_several_who_wait_at_once_get_one_each(part: LogPart) -> None:
    source = part.deliveries()
    receiving = [asyncio.ensure_future(source.receive()) for _ in range(6)]
    await publish(part, 6)
    found = [await soon(one) for one in receiving]
    assert sorted(delivery.position.offset for delivery in found if delivery) == list(range(6))
    await source.close()


async def test_what_is_no_request_is_delivered_without_one(part: LogPart) -> None:
    await part.append(Topic.JOBS, 0, b"not json")
    await part.append(Topic.JOBS, 0, None)
    await part.append(Topic.JOBS, 0, b'{"type":"job_request","schema":99}')
    source = part.deliveries()
    found = await take(source, 3)
    assert [delivery.request for delivery in found] == [None] * 3
    assert [delivery.value for delivery in found] == [b"not json", None, b'{"type":"job_request","schema":99}']
    await source.close()


async def test_what_was_acknowledged_never_comes_again(part: LogPart) -> None:
    await publish(part, 4)
    source = part.deliveries()
    for delivery in await take(source, 3):
        await source.acknowledge(delivery)
        await source.acknowledge(delivery)  # harmless
    await source.close()
    source = part.deliveries()
    (delivery,) = await take(source, 1)
    assert (delivery.position.offset, delivery.attempt) == (3, 1)
    await source.close()


async def test_stop_wakes_those_who_wait_and_what_runs_may_still_be_acknowledged(part: LogPart) -> None:
    await publish(part, 1)
    source = part.deliveries()
    (running,) = await take(source, 1)
    receiving = [asyncio.ensure_future(source.receive()) for _ in range(3)]
    await asyncio.sleep(0)
    source.stop()
    assert [await soon(one) for one in receiving] == [None] * 3
    await publish(part, 1)
    assert await soon(source.receive()) is None
    await soon(source.acknowledge(running))
    await source.close()
    source = part.deliveries()
    (other,) = await take(source, 1)
    assert (other.position.offset, other.attempt) == (1, 1)
    await source.close()


async def test_a_receive_that_is_cancelled_loses_no_delivery_and_no_attempt(part: LogPart) -> None:
    source = part.deliveries()
    for turns in range(12):
        receiving = asyncio.ensure_future(source.receive())
        await publish(part, 1)
        for _ in range(turns):
            await asyncio.sleep(0)
        if not receiving.cancel():
            delivery = await receiving
        else:
            await asyncio.wait([receiving])
            delivery = (await take(source, 1))[0] if receiving.cancelled() else receiving.result()
        assert delivery is not None
        assert (delivery.position.offset, delivery.attempt) == (turns, 1)
        await source.acknowledge(delivery)
    await source.close()


async def test_after_the_close_nothing_harms(part: LogPart) -> None:
    await publish(part, 2)
    source = part.deliveries()
    first, second = await take(source, 2)
    await source.close()
    await source.close()
    assert await soon(source.receive()) is None
    await soon(source.acknowledge(first))
    await soon(source.retry(second))
    source = part.deliveries()
    again = await take(source, 2)
    assert [(delivery.position.offset, delivery.attempt) for delivery in again] == [(0, 1), (1, 1)]
    await source.close()


async def test_a_log_has_one_source_of_deliveries_at_a_time(part: LogPart) -> None:
    source = part.deliveries()
    with pytest.raises(RuntimeError):
        part.deliveries()
    await source.close()


async def test_every_partition_has_its_window_and_a_suspect_runs_alone_among_all(wide: LogPart) -> None:
    await publish(wide, 90)
    source = wide.deliveries()
    found = await take(source, 24)
    assert {p: sum(d.position.partition == p for d in found) for p in range(3)} == {0: 8, 1: 8, 2: 8}
    for delivery in found[:-2]:
        await source.acknowledge(delivery)
    await wide.crash()
    source = wide.deliveries()
    for _ in range(2):
        (suspect,) = await take(source, 1)
        assert suspect.attempt == 2
        receiving = asyncio.ensure_future(source.receive())
        assert await waits(wide, receiving)
        receiving.cancel()
        await asyncio.wait([receiving])
        await source.acknowledge(suspect)
    fresh = await take(source, 24)
    assert {delivery.attempt for delivery in fresh} == {1}
    assert not {d.position for d in fresh} & {d.position for d in found}
    await source.close()
