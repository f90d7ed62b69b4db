"""Workers as processes: killed, stopped and woken, and busy for longer than the brokers' patience."""

import asyncio

import pytest
from tests.real.kafka_hired import hiring
from tests.real.kafka_owners import crew_of, until

from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.domain.window import InFlight, Window

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SHORT = GroupSettings(
    session_seconds=4, heartbeat_seconds=0.5, revoke_seconds=0.5, max_poll_interval_seconds=3, rebalance_seconds=15
)


async def test_a_killed_worker_costs_what_ran_under_it_one_attempt_and_the_rest_none(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew, hiring(crew, SHORT) as hire:
        first = await hire()
        await first.joined()
        for partition in (0, 1):
            await crew.publish(2, partition, b"held")
            await crew.publish(10, partition, b"quick")
        # Eight of a partition at once, and the quick ones go by: what is left in flight are the held.
        await first.says(lambda: first.count("acknowledged") == 20)
        await first.kill()
        second = await hire()
        await second.let_go("held")
        await second.says(lambda: second.count("acknowledged") == 4)
        assert sorted(second.deliveries()) == [(0, 0, 2), (0, 1, 2), (1, 0, 2), (1, 1, 2)]
        assert await second.end() == 0
        assert [(await crew.committed(partition)).prefix for partition in (0, 1)] == [12, 12]


async def test_three_kills_are_three_attempts_and_the_neighbours_keep_theirs(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew, hiring(crew, SHORT) as hire:
        await crew.publish(1, value=b"poison")
        await crew.publish(5, value=b"quick")
        for attempt in (1, 2, 3):
            worker = await hire()
            await worker.says(lambda worker=worker, attempt=attempt: (0, 0, attempt) in worker.deliveries())
            if attempt == 1:
                await worker.says(lambda worker=worker: worker.count("acknowledged") == 5)
            else:
                assert worker.deliveries() == [(0, 0, attempt)]
            await worker.kill()
        last = await hire()
        await last.let_go("poison")
        await last.says(lambda: last.count("acknowledged") == 1)
        assert last.deliveries() == [(0, 0, 4)]
        assert await last.end() == 0
        assert (await crew.committed()) == Window(6)


async def test_a_worker_that_ends_in_order_costs_nothing(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew, hiring(crew, SHORT) as hire:
        await crew.publish(2, value=b"held")
        first = await hire()
        await first.says(lambda: len(first.deliveries()) == 2)
        second = await hire()
        await second.joined()
        first.process.terminate()
        await first.let_go("held")
        await first.says(lambda: first.count("left") == 1)
        assert await first.process.wait() == 0
        await crew.publish(1, value=b"quick")
        await second.says(lambda: second.count("acknowledged") == 1)
        assert second.deliveries() == [(0, 2, 1)]


async def test_one_stopped_past_its_session_and_woken_while_the_group_is_empty_commits_nothing_of_old(
    kafka_bootstrap: str,
) -> None:
    """A broker takes commits without a generation while a group is empty: the way for a zombie to turn back time."""
    async with crew_of(kafka_bootstrap) as crew, hiring(crew, SHORT) as hire:
        await crew.publish(1, value=b"held")
        await crew.publish(1, value=b"quick")
        zombie = await hire()
        await zombie.says(lambda: zombie.count("acknowledged") == 1)
        assert (await crew.committed()) == Window(0, {1}, {0: InFlight(1)})
        zombie.freeze()
        await zombie.let_go("held")  # so that it acknowledges as soon as it wakes
        other = await hire()
        await other.says(lambda: (0, 0, 2) in other.deliveries())
        await crew.publish(20, value=b"quick")
        await other.let_go("held")
        await other.says(lambda: other.count("acknowledged") == 21)
        assert await other.end() == 0
        assert (await crew.committed()) == Window(22)

        joins, started = zombie.count("rebalanced"), zombie.deliveries()
        zombie.thaw()
        lowest = 22
        async with asyncio.timeout(60):
            while zombie.count("rebalanced") == joins:
                window = await crew.committed()
                lowest = min(lowest, window.prefix)
        assert zombie.count("acknowledged") == 2
        assert lowest == 22
        assert (await crew.committed()) == Window(22)
        assert zombie.deliveries() == started
        # A member again in its own right, it goes on.
        await crew.publish(1, value=b"quick")
        await zombie.says(lambda: zombie.count("acknowledged") == 3)
        assert zombie.deliveries()[len(started) :] == [(0, 22, 1)]
        assert await zombie.end() == 0


async def test_one_stopped_past_its_session_and_woken_beside_its_successor_starts_nothing_twice(
    kafka_bootstrap: str,
) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew, hiring(crew, SHORT) as hire:
        for partition in (0, 1):
            await crew.publish(1, partition, b"held")
        zombie = await hire()
        await zombie.says(lambda: len(zombie.deliveries()) == 2)
        zombie.freeze()
        other = await hire()
        await other.joined()
        await other.let_go("held")
        await other.says(lambda: other.count("acknowledged") == 2)
        zombie.thaw()
        for _ in range(20):
            for partition in (0, 1):
                await crew.publish(2, partition, b"quick")
        await zombie.says(lambda: zombie.count("rebalanced") == 2)
        await zombie.let_go("held")
        await until(lambda: zombie.count("acknowledged") + other.count("acknowledged") >= 84)
        fresh = [d for d in zombie.deliveries() + other.deliveries() if d[1] > 0]
        assert len(fresh) == len({d[:2] for d in fresh}) == 80
        assert {attempt for _, _, attempt in fresh} == {1}
        assert await zombie.end() == await other.end() == 0
        assert [(await crew.committed(partition)) for partition in (0, 1)] == [Window(41), Window(41)]


async def test_a_job_longer_than_session_and_poll_interval_keeps_its_partition_through_three_rebalances(
    kafka_bootstrap: str,
) -> None:
    async with crew_of(kafka_bootstrap) as crew, hiring(crew, SHORT) as hire:
        await crew.publish(1, value=b"long")
        worker = await hire()
        await worker.says(lambda: len(worker.deliveries()) == 1)
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            joins = worker.count("rebalanced")
            other = await hire()
            await other.joined()
            await worker.says(lambda joins=joins: worker.count("rebalanced") > joins)
        patience = 2 * max(SHORT.session_seconds, SHORT.max_poll_interval_seconds)
        # Time itself is what is tested here.
        await asyncio.sleep(max(0.0, patience - (asyncio.get_running_loop().time() - began)))
        await crew.publish(1, value=b"quick")
        await worker.says(lambda: worker.count("acknowledged") == 1)
        await worker.let_go("long")
        await worker.says(lambda: worker.count("acknowledged") == 2)
        assert worker.deliveries() == [(0, 0, 1), (0, 1, 1)]
        assert worker.count("lost") == 0
        assert (await crew.committed()) == Window(2)
