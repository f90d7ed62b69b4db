"""Brokers that go and come back under those who publish, read and follow: every confirmed record stays."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from tests.contract.examples import a_request
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_topics import fresh_topics

from rockseg_core.adapters.kafka import KafkaConnection, KafkaFeed, KafkaLog
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import LogPartition, Topic

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

BACK_SECONDS = 120.0
SEND_SECONDS = 4.0


class Traffic:
    """Publishes, asks for the ends and follows, for ever, and notes what happens."""

    def __init__(self, connection: KafkaConnection) -> None:
        self.log, self.feed = KafkaLog(connection), KafkaFeed(connection)
        self.log.open()
        self.confirmed: dict[tuple[int, int], UUID] = {}
        self.found: dict[LogPartition, dict[int, UUID]] = {}
        self.failed = 0
        self.slowest = 0.0
        self.outage = 0.0
        self._confirmed_at = time.monotonic()
        self._tasks = [asyncio.create_task(work()) for work in (self._publish, self._publish, self._follow, self._look)]

    async def _publish(self) -> None:
        while True:
            request = a_request()
            began = time.monotonic()
            try:
                position = await self.log.publish_request(request)
            except LogUnavailableError:
                self.failed += 1
            else:
                self.confirmed[position] = request.job_id
                self.outage = max(self.outage, time.monotonic() - self._confirmed_at)
                self._confirmed_at = time.monotonic()
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(0.002)

    async def _look(self) -> None:
        seen: dict[LogPartition, int] = {}
        while True:
            confirmed = dict(self.confirmed)
            try:
                async with asyncio.timeout(0.5):
                    ends = await self.feed.ends()
            except (LogUnavailableError, TimeoutError):
                pass
            else:
                for at, end in ends.items():
                    assert end >= seen.get(at, 0), "an end went back"
                for partition, offset in confirmed:
                    assert ends[LogPartition(Topic.JOBS, partition)] > offset, "an end is below what was confirmed"
                seen = dict(ends)
            await asyncio.sleep(0.02)

    async def _follow(self) -> None:
        while True:
            start = {at: max(found) + 1 for at, found in self.found.items()}
            try:
                async for batch in self.feed.follow(start):
                    for record in batch.records:
                        found = self.found.setdefault(record.at, {})
                        assert record.offset not in found, "a record came twice"
                        assert record.offset == max(found, default=-1) + 1, "a record was left out"
                        assert record.record is not None
                        found[record.offset] = record.record.job_id
            except LogUnavailableError:
                await asyncio.sleep(0.1)

    async def goes_on(self, count: int = 50) -> None:
        """Until so many more are confirmed, and all that was is followed."""
        wanted = len(self.confirmed) + count
        async with asyncio.timeout(BACK_SECONDS):
            while len(self.confirmed) < wanted or not self.all_followed():
                self.raise_what_failed()
                await asyncio.sleep(0.05)

    async def is_refused(self, times: int) -> None:
        wanted = self.failed + times
        async with asyncio.timeout(BACK_SECONDS):
            while self.failed < wanted:
                self.raise_what_failed()
                await asyncio.sleep(0.05)

    def all_followed(self) -> bool:
        return all(
            self.found.get(LogPartition(Topic.JOBS, partition), {}).get(offset) == job_id
            for (partition, offset), job_id in self.confirmed.items()
        )

    def raise_what_failed(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.log.close()
        await self.feed.close()

    def told(self, what: str) -> None:
        sys.stdout.write(
            f"{what}: {len(self.confirmed)} confirmed, 0 lost, {self.failed} refused; "
            f"slowest answer {self.slowest:.1f} s, longest without a confirmation {self.outage:.1f} s\n"
        )


@pytest.fixture
async def traffic() -> AsyncIterator[Callable[[KafkaCluster], Awaitable[Traffic]]]:
    made: list[Traffic] = []

    async def start(cluster: KafkaCluster) -> Traffic:
        settings = await fresh_topics(cluster.bootstrap, 3, replicas=min(3, len(cluster.nodes)))
        made.append(Traffic(KafkaConnection(settings)))
        await made[-1].goes_on()
        return made[-1]

    yield start
    for one in made:
        await one.stop()


Starter = Callable[[KafkaCluster], Awaitable[Traffic]]


@pytest.mark.parametrize("kill", [False, True], ids=["terminated", "killed"])
async def test_one_broker_that_goes_and_comes_back_costs_answers_and_no_record(
    own_kafka: KafkaCluster, traffic: Starter, kill: bool
) -> None:
    going = await traffic(own_kafka)
    (node,) = own_kafka.nodes
    await asyncio.to_thread(own_kafka.stop_node, node, kill=kill)
    await going.is_refused(2)
    own_kafka.start_node(node)
    await going.goes_on()
    assert going.slowest < SEND_SECONDS + 1
    going.told("one broker")


async def test_a_broker_that_hangs_and_goes_on_costs_answers_and_no_record(
    own_kafka: KafkaCluster, traffic: Starter
) -> None:
    going = await traffic(own_kafka)
    own_kafka.pause_node(own_kafka.nodes[0])
    await going.is_refused(4)
    own_kafka.resume_node(own_kafka.nodes[0])
    await going.goes_on()
    assert going.slowest < SEND_SECONDS + 1
    going.told("a hang")


async def test_of_three_brokers_each_may_be_killed_once_another_is_back(
    three_brokers: KafkaCluster, traffic: Starter
) -> None:
    going = await traffic(three_brokers)
    for node in three_brokers.nodes:
        await asyncio.to_thread(three_brokers.stop_node, node, kill=True)
        await going.goes_on()
        three_brokers.start_node(node)
        await asyncio.to_thread(three_brokers.wait_ready)
        await going.goes_on()
    going.told("three brokers, each killed")


async def test_a_rolling_restart_of_three_brokers_loses_nothing(three_brokers: KafkaCluster, traffic: Starter) -> None:
    going = await traffic(three_brokers)
    for node in three_brokers.nodes:
        await asyncio.to_thread(three_brokers.stop_node, node)
        three_brokers.start_node(node)
        await asyncio.to_thread(three_brokers.wait_ready)
        await going.goes_on()
    going.told("three brokers, restarted in turn")
