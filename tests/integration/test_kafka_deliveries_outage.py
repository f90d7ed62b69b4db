"""Workers whose broker goes away, hangs, or restarts as their group's coordinator."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping

import msgspec
import pytest
from aiokafka.client import ConnectionGroup
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_owners import QUICK, Hand, crew_of, soon, until
from tests.real.kafka_proxied import topics_behind
from tests.real.toxiproxy import Proxy

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.adapters.kafka.deliveries_lookup import GroupLookup, PartitionState
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.window import InFlight, Window

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

CLOSE_SECONDS = 10.0  # what a worker gives it


async def test_a_broker_that_restarts_loses_nothing_and_counts_nothing(own_kafka: KafkaCluster) -> None:
    (node,) = own_kafka.nodes
    async with crew_of(own_kafka.bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(4, partition)
        hand = crew.hire()
        running = await hand.take(8)
        own_kafka.stop_node(node, kill=True)
        for delivery in running[:4]:
            await soon(hand.acknowledge(delivery))  # refused, and made up for
        waiting = asyncio.ensure_future(hand.receive())
        own_kafka.start_node(node)
        await asyncio.to_thread(own_kafka.wait_ready)
        for delivery in running[4:]:
            await soon(hand.acknowledge(delivery))
        await crew.publish(1)
        fresh = await soon(waiting)
        assert fresh is not None
        assert (fresh.position, fresh.attempt) == ((0, 4), 1)
        await soon(hand.acknowledge(fresh))
        assert [(await crew.committed(partition)).prefix for partition in (0, 1)] == [5, 4]
        await soon(hand.close())


async def test_a_coordinator_that_restarts_during_an_assignment_replays_nothing(
    own_kafka: KafkaCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    (node,) = own_kafka.nodes
    real, failures, restarted = GroupLookup.states, list[bool](), asyncio.Event()

    async def watched(self: GroupLookup, partitions: Collection[int]) -> Mapping[int, PartitionState]:
        if not failures:
            own_kafka.stop_node(node, kill=True)
            failures.append(True)
            own_kafka.start_node(node)
            restarted.set()
        return await real(self, partitions)

    async with crew_of(own_kafka.bootstrap) as crew:
        await crew.publish(30)
        hand = crew.hire()
        for delivery in await hand.take(8):
            await hand.acknowledge(delivery)
        await hand.take(2)
        await hand.close()
        monkeypatch.setattr(GroupLookup, "states", watched)
        hand = crew.hire()
        waiting = asyncio.ensure_future(hand.receive())
        await soon(restarted.wait())
        await asyncio.to_thread(own_kafka.wait_ready)
        first = await soon(waiting)
        assert first is not None
        found = [first, *await hand.take(3)]
        assert [(d.position.offset, d.attempt) for d in found] == [(8, 1), (9, 1), (10, 1), (11, 1)]
        await soon(hand.close())


async def test_a_commit_that_is_not_answered_starts_nothing_and_is_tried_again(
    kafka_proxy: Proxy, kafka_cluster: KafkaCluster
) -> None:
    proxied, direct = await topics_behind(kafka_proxy, kafka_cluster)
    hasty = msgspec.structs.replace(QUICK, commit_seconds=1, session_seconds=60)
    async with crew_of(kafka_cluster.bootstrap) as crew:
        crew.topic = direct.jobs_topic
        await crew.publish(2)
        hand = Hand(KafkaConnection(proxied), hasty)
        (running,) = await hand.take(1)
        assert hand._consumer is not None
        at = (hand._consumer._coordinator.coordinator_id, ConnectionGroup.COORDINATION)
        hung = hand._consumer._client._conns[at]
        kafka_proxy.hang()
        waiting = asyncio.ensure_future(hand.receive())
        await until(lambda: hand.events[GroupEvent.COMMIT_FAILED] >= 2)
        assert not waiting.done()
        assert not hung.connected()  # heartbeats would be asked over a connection that hangs
        kafka_proxy.heal()
        other = await soon(waiting)
        assert other is not None
        assert (other.position.offset, other.attempt) == (1, 1)
        crew.group = direct.group_id
        assert (await crew.committed()).in_flight == dict.fromkeys((0, 1), InFlight(1))
        kafka_proxy.cut()
        await soon(hand.acknowledge(running))  # refused
        kafka_proxy.heal()
        await crew.commits(Window(1, in_flight={1: InFlight(1)}))  # and made up for, though nothing else happens
        await soon(hand.close())


async def test_closing_while_nothing_answers_ends_within_what_a_worker_gives_it(
    kafka_proxy: Proxy, kafka_cluster: KafkaCluster
) -> None:
    proxied, direct = await topics_behind(kafka_proxy, kafka_cluster)
    async with crew_of(kafka_cluster.bootstrap) as crew:
        crew.topic = direct.jobs_topic
        await crew.publish(2)
        hand = Hand(KafkaConnection(proxied), QUICK)
        await hand.take(2)
        kafka_proxy.hang()
        began = time.monotonic()
        await soon(hand.close())
        assert time.monotonic() - began < CLOSE_SECONDS


async def test_a_worker_that_starts_before_its_broker_waits_for_it(own_kafka: KafkaCluster) -> None:
    (node,) = own_kafka.nodes
    async with crew_of(own_kafka.bootstrap) as crew:
        await crew.publish(1)
        own_kafka.stop_node(node)
        hand = crew.hire()
        waiting = asyncio.ensure_future(hand.receive())
        await until(lambda: hand._consumer is not None)
        own_kafka.start_node(node)
        await asyncio.to_thread(own_kafka.wait_ready)
        delivery = await soon(waiting)
        assert delivery is not None
        assert (delivery.position.offset, delivery.attempt) == (0, 1)
        await soon(hand.close())


async def test_a_rolling_restart_of_three_brokers_runs_every_job_once_on_attempt_one(
    three_brokers: KafkaCluster,
) -> None:
    jobs = 300
    async with crew_of(three_brokers.bootstrap, 4, replicas=3) as crew:
        runs: Counter[RequestPosition] = Counter()
        attempts: set[int] = set()

        async def work(hand: Hand) -> None:
            while (delivery := await hand.receive()) is not None:
                runs[delivery.position] += 1
                attempts.add(delivery.attempt)
                await asyncio.sleep(0.01)  # a job's work
                await hand.acknowledge(delivery)

        hands = [crew.hire(), crew.hire()]
        working = [asyncio.ensure_future(work(hand)) for hand in hands for _ in range(2)]
        for number, node in enumerate(three_brokers.nodes):
            for partition in range(4):
                await crew.publish(jobs // 12, partition)
            await until(lambda number=number: len(runs) > jobs * number // 3)  # type: ignore[misc]
            three_brokers.stop_node(node, kill=number == 1)
            three_brokers.start_node(node)
            await asyncio.to_thread(three_brokers.wait_ready)
        await until(lambda: len(runs) == jobs)
        for hand in hands:
            hand.stop()
        await soon(asyncio.wait(working))
        for hand in hands:
            await soon(hand.close())
        assert set(runs.values()) == {1}
        assert attempts == {1}
        assert [(await crew.committed(partition)).prefix for partition in range(4)] == [jobs // 4] * 4
