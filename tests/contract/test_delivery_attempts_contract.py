"""What a crash, a close, a retry and a putting back make of attempts: counted where a job ran, and nowhere else."""

import asyncio

from tests.contract.log_parts import LogPart, publish, soon, take, waits


async def test_acknowledged_out_of_order_and_then_a_crash_repeats_only_what_was_left(part: LogPart) -> None:
    await publish(part, 6)
    source = part.deliveries()
    found = await take(source, 5)
    for done in (4, 1, 3):
        await source.acknowledge(found[done])
    await part.crash()
    source = part.deliveries()
    again = []
    for _ in range(3):
        (delivery,) = await take(source, 1)
        again.append((delivery.position.offset, delivery.attempt))
        await source.acknowledge(delivery)
    assert again == [(0, 2), (2, 2), (5, 1)]
    await source.close()


async def test_a_suspect_runs_alone_and_the_rest_after_it(part: LogPart) -> None:
    await publish(part, 3)
    source = part.deliveries()
    await take(source, 2)
    await part.crash()
    source = part.deliveries()
    for offset in (0, 1):
        (suspect,) = await take(source, 1)
        assert (suspect.position.offset, suspect.attempt, suspect.suspect) == (offset, 2, True)
        receiving = asyncio.ensure_future(source.receive())
        assert await waits(part, receiving)
        receiving.cancel()
        await asyncio.wait([receiving])
        await source.acknowledge(suspect)
    fresh = await take(source, 3)
    assert [(delivery.position.offset, delivery.attempt) for delivery in fresh] == [(2, 1), (3, 1), (4, 1)]
    await source.close()


async def test_each_crash_counts_an_attempt_of_what_ran_and_of_nothing_else(part: LogPart) -> None:
    await publish(part, 2)
    source = part.deliveries()
    await take(source, 2)
    for attempt in (2, 3, 4):
        await part.crash()
        source = part.deliveries()
        (suspect,) = await take(source, 1)
        assert (suspect.position.offset, suspect.attempt) == (0, attempt)
    await source.acknowledge(suspect)
    (other,) = await take(source, 1)
    assert (other.position.offset, other.attempt) == (1, 2)
    await source.close()


async def test_a_crash_before_anything_was_started_again_costs_no_attempt(part: LogPart) -> None:
    await publish(part, 1)
    source = part.deliveries()
    await take(source, 1)
    for _ in range(3):
        await part.crash()
        source = part.deliveries()
    (suspect,) = await take(source, 1)
    assert suspect.attempt == 2
    await source.close()


async def test_what_is_in_flight_at_the_close_is_released_and_keeps_its_attempt(part: LogPart) -> None:
    await publish(part, 3)
    source = part.deliveries()
    found = await take(source, 3)
    await source.acknowledge(found[1])
    await source.close()
    source = part.deliveries()
    again = await take(source, 2)
    assert [(delivery.position.offset, delivery.attempt) for delivery in again] == [(0, 1), (2, 1)]
    await source.close()


async def test_what_is_lost_at_the_close_counts_an_attempt_and_the_rest_is_released(part: LogPart) -> None:
    await publish(part, 4)
    source = part.deliveries()
    found = await take(source, 4)
    await source.acknowledge(found[3])
    await source.close([found[1], found[3]])
    source = part.deliveries()
    (suspect,) = await take(source, 1)
    assert (suspect.position.offset, suspect.attempt) == (1, 2)
    await source.acknowledge(suspect)
    again = await take(source, 2)
    assert [(delivery.position.offset, delivery.attempt) for delivery in again] == [(0, 1), (2, 1)]
    await source.close()


async def test_a_retry_that_is_called_lost_at_the_close_counts_once(part: LogPart) -> None:
    await publish(part, 1)
    source = part.deliveries()
    (delivery,) = await take(source, 1)
    await source.retry(delivery)
    await source.close([delivery])
    source = part.deliveries()
    (suspect,) = await take(source, 1)
    assert suspect.attempt == 2
    await source.close()


async def test_a_released_suspect_is_a_suspect_still(part: LogPart) -> None:
    await publish(part, 1)
    await take(part.deliveries(), 1)
    await part.crash()
    source = part.deliveries()
    await take(source, 1)
    await source.close()
    source = part.deliveries()
    (suspect,) = await take(source, 1)
    assert suspect.attempt == 2
    await source.close()


async def test_a_retry_comes_alone_with_the_next_attempt_once_all_else_has_ended(part: LogPart) -> None:
    await publish(part, 4)
    source = part.deliveries()
    found = await take(source, 3)
    await source.retry(found[1])
    receiving = asyncio.ensure_future(source.receive())
    assert await waits(part, receiving)
    await source.acknowledge(found[0])
    assert await waits(part, receiving)
    await source.acknowledge(found[2])
    suspect = await soon(receiving)
    assert suspect is not None
    assert (suspect.position.offset, suspect.attempt, suspect.request) == (1, 2, found[1].request)
    receiving = asyncio.ensure_future(source.receive())
    assert await waits(part, receiving)
    await source.retry(suspect)
    suspect = await soon(receiving)
    assert suspect is not None
    assert (suspect.position.offset, suspect.attempt) == (1, 3)
    await source.acknowledge(suspect)
    (fresh,) = await take(source, 1)
    assert (fresh.position.offset, fresh.attempt) == (3, 1)
    await source.close()


async def test_a_suspect_that_is_put_back_lets_others_run_and_comes_again_with_its_attempt(part: LogPart) -> None:
    await publish(part, 1)
    await take(part.deliveries(), 1)
    await part.crash()
    source = part.deliveries()
    (suspect,) = await take(source, 1)
    receiving = asyncio.ensure_future(source.receive())
    assert await waits(part, receiving)  # and three requests more are there
    await source.put_back(suspect)
    others = [await soon(receiving), *await take(source, 2)]
    assert [(other.position.offset, other.attempt) for other in others if other] == [(1, 1), (2, 1), (3, 1)]
    receiving = asyncio.ensure_future(source.receive())
    for other in others:
        assert other is not None
        assert not receiving.done()
        await source.acknowledge(other)
    again = await soon(receiving)
    assert again is not None
    assert (again.position.offset, again.attempt) == (0, 2)
    await source.put_back(again)
    await part.crash()
    (again,) = await take(part.deliveries(), 1)
    assert (again.position.offset, again.attempt) == (0, 2)  # it was not running, so nobody lost it


async def test_one_on_attempt_1_that_is_put_back_lets_others_and_a_suspect_run_and_keeps_its_attempt(
    part: LogPart,
) -> None:
    await publish(part, 4)
    source = part.deliveries()
    unreadable, faulty, other = await take(source, 3)
    await source.retry(faulty)
    await source.acknowledge(other)
    receiving = asyncio.ensure_future(source.receive())
    assert await waits(part, receiving)  # and three requests more are there
    await source.put_back(unreadable)
    suspect = await soon(receiving)
    assert suspect is not None
    assert (suspect.position.offset, suspect.attempt) == (1, 2)
    await source.acknowledge(suspect)
    new = await take(source, 2)
    assert [(delivery.position.offset, delivery.attempt) for delivery in new] == [(3, 1), (4, 1)]
    await source.close()
    (again,) = await take(part.deliveries(), 1)
    assert (again.position.offset, again.attempt) == (0, 1)


async def test_a_retry_outlives_its_owner(part: LogPart) -> None:
    await publish(part, 1)
    source = part.deliveries()
    (delivery,) = await take(source, 1)
    await source.retry(delivery)
    await part.crash()
    source = part.deliveries()
    (suspect,) = await take(source, 1)
    assert suspect.attempt == 2
    await source.close()
