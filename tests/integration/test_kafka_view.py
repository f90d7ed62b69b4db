"""The API's job view on a real log: restart, growth, retention, a topic made anew, strays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewPartitions, RecordsToDelete
from aiokafka.structs import TopicPartition
from tests.contract.examples import a_request, an_event
from tests.contract.log_parts import read_up_to
from tests.real.kafka_topics import admin, create_topics, fresh_topics

from rockseg_api.errors import JobUnknownError, ViewNotReadyError
from rockseg_api.view.job_view import JobView
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.lookup import Lookup
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobStatus, Tenant
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.feed import LogPartition, Topic

ACME = Tenant("acme")
DEADLINE_SECONDS = 60.0


class Replica:
    def __init__(self, connection: KafkaConnection, path: Path) -> None:
        self.feed = KafkaFeed(connection)
        self.view = JobView(path, self.feed, SystemClock(), 86400.0)

    async def stop(self) -> None:
        await self.view.stop()
        await self.feed.close()

    async def status(self, job_id: UUID) -> JobStatus:
        """As a client sees it that tries again while the view cannot say."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    return (await self.view.get(ACME, job_id)).job.status
                except ViewNotReadyError:
                    await asyncio.sleep(0.02)


class World:
    """Topics of the test's own, a log, and replicas."""

    def __init__(self, connection: KafkaConnection, folder: Path) -> None:
        self.connection = connection
        self.log = KafkaLog(connection)
        self.log.open()
        self._folder = folder
        self._replicas: list[Replica] = []

    async def replica(self, name: str) -> Replica:
        replica = Replica(self.connection, self._folder / name)
        self._replicas.append(replica)
        await replica.view.start()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await replica.view.caught_up()
        return replica

    async def submit(self) -> JobRequest:
        now = SystemClock().now()
        request = msgspec.structs.replace(a_request(), accepted_at=now, expires_at=now + 86400)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    await self.log.publish_request(request)
                except LogUnavailableError:
                    continue
                return request

    async def close(self) -> None:
        for replica in self._replicas:
            await replica.stop()
        await self.log.close()


Worlds = Callable[..., Awaitable[World]]


@pytest.fixture
async def world(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Worlds]:
    made: list[World] = []

    async def make(partitions: int = 1) -> World:
        made.append(World(KafkaConnection(await fresh_topics(kafka_bootstrap, partitions)), tmp_path))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_what_one_replica_accepts_the_other_knows_at_once(world: Worlds) -> None:
    here = await world(4)
    first, second = await here.replica("a"), await here.replica("b")
    for _ in range(100):
        request = await here.submit()
        for replica in (second, first):
            assert (await replica.view.get(ACME, request.job_id)).stale is False


async def test_a_restarted_replica_goes_on_from_its_file(world: Worlds) -> None:
    here = await world(2)
    replica = await here.replica("a")
    before = [await here.submit() for _ in range(20)]
    await replica.status(before[-1].job_id)
    await replica.stop()
    while_away = [await here.submit() for _ in range(5)]
    replica = await here.replica("a")
    for request in before + while_away:
        assert await replica.status(request.job_id) is JobStatus.QUEUED
    assert replica.view.applied_records <= 6  # at most one of the first twenty was not yet in the file
    assert replica.view.rebuilds == 0


async def test_partitions_that_are_added_under_load_are_read_and_no_job_is_denied(world: Worlds) -> None:
    here = await world(2)
    replica = await here.replica("a")
    grown = asyncio.Event()
    beyond: set[int] = set()

    async def load() -> None:
        while len(beyond) < 2:
            request = await here.submit()
            assert await replica.status(request.job_id) is JobStatus.QUEUED  # never a JobUnknownError
            position = await here.log.publish_request(request)  # a copy, to learn where the key goes now
            if position.partition >= 2:
                beyond.add(position.partition)
                await here.log.publish_event(
                    an_event(request, JobStatus.STARTED, partition=position.partition, offset=position.offset)
                )
            if not grown.is_set():
                grown.set()

    loading = [asyncio.create_task(load()) for _ in range(3)]
    await grown.wait()
    async with admin(here.connection.settings) as client:
        for topic in (Topic.JOB_EVENTS, Topic.JOBS):
            await client.create_partitions({here.connection.topics[topic]: NewPartitions(4)})
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*loading)
    assert replica.view.rebuilds == 0


async def test_records_that_retention_takes_while_a_replica_is_away_make_it_read_anew(
    world: Worlds,
) -> None:
    here = await world()
    replica = await here.replica("a")
    old = await here.submit()
    await replica.status(old.job_id)
    await replica.stop()
    [await here.submit() for _ in range(5)]
    async with admin(here.connection.settings) as client:
        await client.delete_records({TopicPartition(here.connection.topics[Topic.JOBS], 0): RecordsToDelete(4)})
    kept = await here.submit()
    replica = await here.replica("a")
    assert await replica.status(kept.job_id) is JobStatus.QUEUED
    assert replica.view.rebuilds == 1
    with pytest.raises(JobUnknownError):
        await replica.view.get(ACME, old.job_id)


async def test_a_topic_that_is_made_anew_is_read_anew_by_one_who_follows(world: Worlds) -> None:
    here = await world()
    replica = await here.replica("a")
    old = [await here.submit() for _ in range(5)]
    await replica.status(old[-1].job_id)
    async with admin(here.connection.settings) as client:
        await client.delete_topics(list(here.connection.topics.values()))
    await create_topics(here.connection.settings, 1)
    new = await here.submit()
    assert await replica.status(new.job_id) is JobStatus.QUEUED
    with pytest.raises(JobUnknownError):
        await replica.view.get(ACME, old[0].job_id)
    assert replica.view.rebuilds >= 1


async def test_strays_on_both_topics_are_counted_and_stop_nobody(world: Worlds) -> None:
    here = await world()
    replica = await here.replica("a")
    producer = AIOKafkaProducer(**here.connection.arguments())
    await producer.start()
    for topic in (Topic.JOBS, Topic.JOB_EVENTS):
        for key, value in ((b"k", None), (None, b"not json"), (None, b'{"type":"job_rumour"}'), (b"k", b"\xff")):
            await producer.send_and_wait(here.connection.topics[topic], value, key=key, partition=0)
    await producer.stop()
    request = await here.submit()
    assert await replica.status(request.job_id) is JobStatus.QUEUED
    assert replica.view.undecodable_records == 8


async def test_a_topic_made_anew_while_a_replica_was_away_is_known_though_its_offsets_go_further(
    world: Worlds,
) -> None:
    here = await world()
    replica = await here.replica("a")
    old = await here.submit()
    await replica.status(old.job_id)
    await replica.stop()
    async with admin(here.connection.settings) as client:
        await client.delete_topics(list(here.connection.topics.values()))
    await create_topics(here.connection.settings, 1)
    new = [await here.submit() for _ in range(3)]
    replica = await here.replica("a")
    assert await replica.status(new[0].job_id) is JobStatus.QUEUED
    with pytest.raises(JobUnknownError):
        await replica.view.get(ACME, old.job_id)


async def test_offsets_that_hold_no_record_keep_nobody_waiting(world: Worlds) -> None:
    here = await world()
    producer = AIOKafkaProducer(**here.connection.arguments(transactional_id=here.connection.settings.client_id))
    await producer.start()
    running = await here.replica("a")
    async with producer.transaction():  # its end takes an offset of its own
        await producer.send_and_wait(here.connection.topics[Topic.JOBS], b"of another team", key=b"theirs")
    await producer.stop()
    for replica in (running, await here.replica("b")):
        assert await replica.view.barrier()
        assert replica.view.lag_records == 0
        assert replica.view.undecodable_records == 1


async def test_a_record_that_lands_while_a_replica_looks_where_to_begin_is_read(
    world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await world(2)
    landed: list[JobRequest] = []
    look = Lookup.offsets

    async def land_before_it(lookup: Lookup, partitions: Iterable[LogPartition], time_ms: int) -> Any:
        landed.extend([await here.submit() for _ in range(4)])
        return await look(lookup, partitions, time_ms)

    monkeypatch.setattr(Lookup, "offsets", land_before_it)
    extents = await KafkaFeed(here.connection).extents(SystemClock().now() + 3600)  # nothing is as young
    assert len(landed) == 12
    monkeypatch.undo()
    feed = KafkaFeed(here.connection)
    ends = await feed.ends()
    read = await read_up_to(feed, ends, {at: extent.since for at, extent in extents.items()})
    await feed.close()
    # What landed before the ends were asked is as old as the log says; the rest was yet to come.
    assert {request.job_id for request in landed[8:]} <= {one.record.job_id for one in read if one.record is not None}
