"""What a rebalance costs: nothing that anybody would notice; on a real broker, with several workers in one process."""

import asyncio
import time
from collections import Counter

import msgspec
import pytest
from tests.real.kafka_owners import QUICK, Crew, Hand, crew_of, soon, until, vanish

from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.adapters.kafka.deliveries_ownership import Ownership, States
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.window import InFlight, Window

PATIENT = msgspec.structs.replace(QUICK, revoke_seconds=15)
HASTY = msgspec.structs.replace(QUICK, revoke_seconds=0)


async def spread(crew: Crew, *hands: Hand, partitions: int) -> None:
    """Wait until these have all partitions between them."""
    await until(lambda: sorted(p for hand in hands for p in hand.partitions) == list(range(partitions)))
    assert crew.group


async def test_a_rebalance_waits_for_what_runs_and_nothing_comes_twice(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(4, partition)
        first, second = crew.hire(PATIENT), crew.hire(PATIENT)
        running = await first.take(8)
        joining = asyncio.ensure_future(second.join())
        await until(lambda: not first._committer._starting)
        assert not joining.done()
        for delivery in running:
            await soon(first.acknowledge(delivery))
        await soon(joining)
        await spread(crew, first, second, partitions=2)
        for partition in (0, 1):
            await crew.publish(1, partition)
        found = [*await first.take(1), *await second.take(1)]
        assert sorted((d.position, d.attempt) for d in found) == [((0, 4), 1), ((1, 4), 1)]
        await first.close()
        await second.close()


async def test_a_rebalance_does_not_wait_for_what_itself_waits_for_a_part_that_is_away(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(2)
        first, second = crew.hire(PATIENT), crew.hire(PATIENT)
        busy, waiting = await first.take(2)
        first.note_waiting(waiting, True)
        joining = asyncio.ensure_future(second.join())
        await until(lambda: not first._committer._starting)
        assert not joining.done()
        began = time.monotonic()
        first.note_waiting(busy, True)
        await soon(joining)
        assert time.monotonic() - began < PATIENT.revoke_seconds / 2
        for delivery in (busy, waiting):
            first.note_waiting(delivery, False)
            await soon(first.acknowledge(delivery))
        assert not first._committer._waiting
        await first.close()
        await second.close()


async def test_a_start_whose_commit_is_answered_amid_a_rebalance_is_put_back_and_holds_nobody_up(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, naming, answer = Ownership.commit, asyncio.Event(), asyncio.Event()

    async def held(self: Ownership, states: States) -> None:
        await real(self, states)
        if any('"flight":[[0,1,0]]' in metadata for _, metadata in states.values()):
            naming.set()
            await answer.wait()

    monkeypatch.setattr(Ownership, "commit", held)
    async with crew_of(kafka_bootstrap) as crew:
        first, second = crew.hire(PATIENT), crew.hire(PATIENT)
        await first.join()
        waiting = asyncio.ensure_future(first.receive())
        await crew.publish(1)
        await soon(naming.wait())
        joining = asyncio.ensure_future(second.join())
        await until(lambda: not first._committer._starting)
        began = time.monotonic()
        answer.set()
        await soon(joining)
        assert time.monotonic() - began < PATIENT.revoke_seconds / 2
        delivery = await soon(waiting)
        assert delivery is not None
        assert (delivery.position.offset, delivery.attempt) == (0, 1)
        await first.close()
        await second.close()


async def test_nothing_starts_while_partitions_are_being_given_back(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(3)
        first, second = crew.hire(PATIENT), crew.hire(PATIENT)
        (running,) = await first.take(1)
        joining = asyncio.ensure_future(second.join())
        await until(lambda: not first._committer._starting)
        waiting = asyncio.ensure_future(first.receive())
        assert (await crew.committed()).in_flight == {0: InFlight(1)}
        await soon(first.acknowledge(running))
        assert not waiting.done()
        await soon(joining)
        waiting.cancel()
        await first.close()
        await second.close()


async def test_what_outlasts_the_wait_is_released_and_its_next_owner_runs_it_with_the_attempt_it_has(
    kafka_bootstrap: str,
) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(2, partition)
        first, second = crew.hire(HASTY), crew.hire(HASTY)
        running = await first.take(4)
        await second.join()
        await spread(crew, first, second, partitions=2)
        (moved,) = second.partitions
        found = await second.take(2)
        assert [(d.position, d.attempt) for d in found] == [((moved, 0), 1), ((moved, 1), 1)]
        # The first worker's outcome is a late twin's: harmless, and it says nothing of the partition.
        for delivery in running:
            if delivery.position.partition == moved:
                await soon(first.acknowledge(delivery))
        assert (await crew.committed(moved)).in_flight == {0: InFlight(1), 1: InFlight(1)}
        await first.close()
        await second.close()


async def test_a_partition_that_comes_back_adopts_what_runs_there(kafka_bootstrap: str) -> None:
    """Through six rebalances, on attempt 1; and a crash afterwards counts."""
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(2)
        first = crew.hire(HASTY)
        running = await first.take(2)
        for _ in range(3):
            # One partition, and the first has had it: the others get none.
            other = crew.hire(HASTY)
            await other.join()
            await until(lambda: first.partitions == [0])
            assert other.partitions == []
            joins = first.events[GroupEvent.REBALANCED]
            await soon(other.close())
            await until(lambda joins=joins: first.events[GroupEvent.REBALANCED] > joins)  # type: ignore[misc]
        await until(lambda: first.partitions == [0])
        # Were it to vanish now, the attempts would count: said without waiting for anything else to say.
        await crew.commits(Window(0, in_flight=dict.fromkeys((0, 1), InFlight(1))))
        waiting = asyncio.ensure_future(first.receive())
        await crew.publish(1)
        fresh = await soon(waiting)
        assert fresh is not None
        assert (fresh.position.offset, fresh.attempt) == (2, 1)
        assert (await crew.committed()).in_flight == dict.fromkeys((0, 1, 2), InFlight(1))
        await soon(first.acknowledge(running[0]))
        assert (await crew.committed()).prefix == 1
        await vanish(first)
        again = crew.hire()
        suspects = []
        for _ in range(2):
            (suspect,) = await again.take(1)
            suspects.append((suspect.position.offset, suspect.attempt))
            await soon(again.acknowledge(suspect))
        assert suspects == [(1, 2), (2, 2)]
        await again.close()


async def test_what_ends_while_its_partition_is_elsewhere_is_done_once_it_comes_back(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(1, partition)
        first, second = crew.hire(HASTY), crew.hire(HASTY)
        running = await first.take(2)
        await second.join()  # and starts nothing: nobody waits there
        await spread(crew, first, second, partitions=2)
        for delivery in running:
            await soon(first.acknowledge(delivery))
        await soon(second.close())
        await spread(crew, first, partitions=2)
        for partition in (0, 1):
            await crew.publish(1, partition)
        found = await first.take(2)
        assert sorted((d.position, d.attempt) for d in found) == [((0, 1), 1), ((1, 1), 1)]
        await first.close()


async def test_a_suspect_waits_for_what_runs_of_partitions_that_are_gone(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(1, partition)
        first, second = crew.hire(HASTY), crew.hire(HASTY)
        running = {delivery.position.partition: delivery for delivery in await first.take(2)}
        await second.join()
        await spread(crew, first, second, partitions=2)
        (kept,), (moved,) = first.partitions, second.partitions
        await soon(first.retry(running[kept]))
        waiting = asyncio.ensure_future(first.receive())
        await crew.publish(1, kept)
        await until(lambda: first._dispatch.position(kept) == 2)
        assert not waiting.done()
        await soon(first.acknowledge(running[moved]))
        suspect = await soon(waiting)
        assert suspect is not None
        assert (suspect.position, suspect.attempt) == ((kept, 0), 2)
        await first.close()
        await second.close()


async def test_a_worker_that_joins_or_leaves_moves_no_more_partitions_than_it_must(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 6) as crew:
        hands = [crew.hire(HASTY)]
        await hands[0].join()
        await spread(crew, *hands, partitions=6)
        for most in (3, 2):
            before = [set(hand.partitions) for hand in hands]
            hands.append(crew.hire(HASTY))
            await hands[-1].join()
            await spread(crew, *hands, partitions=6)
            await until(lambda: all(hand.partitions for hand in hands))
            assert all(set(hand.partitions) <= had for hand, had in zip(hands, before, strict=False))
            assert max(len(hand.partitions) for hand in hands) == most
        before = [set(hand.partitions) for hand in hands]
        await soon(hands.pop().close())
        await spread(crew, *hands, partitions=6)
        assert all(set(hand.partitions) >= had for hand, had in zip(hands, before, strict=False))
        for hand in hands:
            await hand.close()


async def test_one_that_closes_leaves_at_once_and_releases(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(3)
        first, second = crew.hire(), crew.hire()
        await first.take(2)
        await second.join()
        began = time.monotonic()
        await soon(first.close())
        found = await second.take(3)
        assert time.monotonic() - began < QUICK.session_seconds / 2
        assert [(d.position.offset, d.attempt) for d in found] == [(0, 1), (1, 1), (2, 1)]
        await second.close()


async def test_workers_that_come_and_go_run_every_job_once_on_attempt_one(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 4) as crew:
        jobs = 400
        runs: Counter[tuple[int, int]] = Counter()
        attempts: set[int] = set()

        async def end(hand: Hand, delivery: Delivery) -> None:
            await asyncio.sleep(0.005)  # a job's work
            runs[delivery.position] += 1
            attempts.add(delivery.attempt)
            await hand.acknowledge(delivery)

        async def work(hand: Hand) -> None:
            running: set[asyncio.Task[None]] = set()
            while (delivery := await hand.receive()) is not None:
                job = asyncio.ensure_future(end(hand, delivery))
                running.add(job)
                job.add_done_callback(running.discard)
            if running:
                await asyncio.wait(running)
            await hand.close()

        for partition in range(4):
            await crew.publish(jobs // 4, partition)
        at_work = [(hand, asyncio.ensure_future(work(hand))) for hand in (crew.hire(PATIENT),)]
        for turn in range(4):
            await until(lambda turn=turn: len(runs) >= jobs * turn // 5)  # type: ignore[misc]
            if turn == 2:
                hand, working = at_work.pop(0)
                hand.stop()
                await soon(working)
            else:
                hand = crew.hire(PATIENT)
                at_work.append((hand, asyncio.ensure_future(work(hand))))
        await until(lambda: len(runs) == jobs)
        for hand, working in at_work:
            hand.stop()
            await soon(working)
        assert set(runs.values()) == {1}
        assert attempts == {1}
        assert sum(hand.events[GroupEvent.LOST] for hand in crew._hands) == 0
        assert [(await crew.committed(partition)).prefix for partition in range(4)] == [jobs // 4] * 4
