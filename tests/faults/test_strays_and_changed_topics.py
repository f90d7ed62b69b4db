"""What others do to our topics while both services run: strays, more partitions, a topic deleted and made anew."""

import asyncio
import itertools
import struct
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
import requests
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c_py
from tests.e2e.deployment import Deployment, Service
from tests.faults.clients import Client, client_of, png
from tests.faults.conftest import PARTITIONS
from tests.faults.witness import Witness
from tests.real.kafka_topics import TIMESTAMPS, admin
from tests.real.process import free_port

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.lookup import END, Lookup
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.feed import LogPartition, Topic

DEADLINE_SECONDS = 120.0
PLAIN_STRAYS: tuple[tuple[bytes | None, bytes | None], ...] = (
    (b"k", b"\xff\x00 garbage"),
    (b"k", None),
    (None, b"{}"),
    (b"k", b'{"type":"rockseg.of-another-release","job_id":"1"}'),
    (b"k", b"[" * 2000),
    (b"k", b"x" * 900_000),
)
NOT_UTF8 = b"\xff\xfeQQ"


async def publish_strays(settings: KafkaSettings, topic: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """One of each kind on each partition; returns how many records that were."""
    count = 0
    arguments = KafkaConnection(settings).arguments()
    for compression in (None, "gzip", "snappy", "lz4", "zstd"):
        producer = AIOKafkaProducer(**arguments, compression_type=compression, max_request_size=2**20)
        await producer.start()
        for partition, (key, value) in itertools.product(range(PARTITIONS), PLAIN_STRAYS):
            await producer.send_and_wait(topic, value, key=key, partition=partition)
            count += 1
        await producer.stop()
    producer = AIOKafkaProducer(**arguments, transactional_id=settings.client_id)
    await producer.start()
    for partition in range(PARTITIONS):
        async with producer.transaction():
            await producer.send_and_wait(topic, b"in a transaction", partition=partition)
            count += 1
    await producer.stop()
    with monkeypatch.context() as spoilt:
        spoil_header_keys(spoilt)
        producer = AIOKafkaProducer(**arguments)
        await producer.start()
        for partition in range(PARTITIONS):
            await producer.send_and_wait(topic, b"v", headers=[("QQQQ", b"v")], partition=partition)
            count += 1
        await producer.stop()
    return count


def spoil_header_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Header keys that are no UTF-8, as clients in C may send them; aiokafka's own producer cannot."""
    build = BatchBuilder._build

    def spoilt(self: Any) -> Any:
        body = bytearray(build(self))
        at = body.find(b"QQQQ")
        if at >= 0:
            body[at : at + 4] = NOT_UTF8
            struct.pack_into(">I", body, 17, calc_crc32c_py(bytes(body[21:])))
            self._buffer = body
        return self._buffer

    monkeypatch.setattr(BatchBuilder, "_build", spoilt)


def metric(port: str, name: str) -> float:
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


async def ends(settings: KafkaSettings, topic: Topic) -> Mapping[LogPartition, int]:
    lookup = Lookup(KafkaConnection(settings), (topic,), request_seconds=30.0)
    await lookup.open()
    try:
        return await lookup.offsets(await lookup.partitions(), END)
    finally:
        await lookup.close()


async def committed(settings: KafkaSettings) -> Mapping[int, int]:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.brokers)
    await client.start()
    try:
        offsets = await client.list_consumer_group_offsets(settings.group_id)
    finally:
        await client.close()
    return {at.partition: offset.offset for at, offset in offsets.items()}


async def until_all_is_committed(settings: KafkaSettings) -> None:
    """No lag is left for an autoscaler to see."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        wanted = {at.partition: end for at, end in (await ends(settings, Topic.JOBS)).items()}
        while await committed(settings) != wanted:  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.2)


async def statuses(client: Client, urls: list[str], job_ids: list[UUID]) -> set[str]:
    return {await client.status(job_id, at=url) for job_id in job_ids for url in urls}


async def test_strays_on_both_topics_are_counted_and_stop_nobody(
    deployment: Deployment, witness: Witness, topics: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = str(free_port())
    apis = [deployment.api(ROCKSEG_METRICS_PORT=port), deployment.api()]
    workers = [deployment.worker() for _ in range(2)]
    async with client_of([api.url for api in apis], deployment.key()) as client:
        job_ids = [await client.submit(png(shade)) for shade in range(10)]
        on_jobs = await publish_strays(topics, topics.jobs_topic, monkeypatch)
        on_events = await publish_strays(topics, topics.job_events_topic, monkeypatch)
        job_ids += [await client.submit(png(10 + shade)) for shade in range(40)]
        await witness.until_ended(len(job_ids))
        late = deployment.api()  # reads all of it from the beginning
        assert await statuses(client, [apis[0].url, apis[1].url, late.url], job_ids) == {"finished"}
        assert client.lies == []
        assert (await client.http.get(f"{late.url}/readyz")).json()["log"] == "ok"
    await until_all_is_committed(topics)
    buried = sum((await ends(topics, Topic.DEAD_LETTER)).values())
    undecodable = metric(port, "rockseg_api_undecodable_records_total")
    print(f"\n{on_jobs} + {on_events} strays, {undecodable:.0f} undecodable, {buried} dead letters")  # noqa: T201
    assert buried >= on_jobs
    assert undecodable == on_jobs + on_events
    assert {witness.attempts(job_id) for job_id in job_ids} == {1}
    assert [service.terminate() for service in (*workers, *apis)] == [0, 0, 0, 0]


async def test_partitions_may_double_under_load(
    deployment: Deployment, witness: Witness, topics: KafkaSettings
) -> None:
    apis = [deployment.api(), deployment.api()]
    workers = [deployment.worker() for _ in range(2)]
    async with client_of([api.url for api in apis], deployment.key()) as client:
        job_ids = []
        for shade in range(200):
            if shade == 50:
                async with admin(topics) as kafka:
                    for topic in (topics.job_events_topic, topics.jobs_topic):  # as `topics ensure` does
                        await kafka.create_partitions({topic: NewPartitions(2 * PARTITIONS)})
            job_ids.append(await client.submit(png(shade), at=apis[shade % 2].url))
            assert await client.status(job_ids[-1], at=apis[(shade + 1) % 2].url) != ""
        await witness.until_ended(len(job_ids))
        assert await statuses(client, [api.url for api in apis], job_ids) == {"finished"}
        assert client.lies == []
    used = {event.request_partition for events in witness.events.values() for event in events}
    print(f"\n{len(job_ids)} jobs, {len(used)} partitions used")  # noqa: T201
    assert max(used) >= PARTITIONS
    assert {witness.attempts(job_id) for job_id in job_ids} == {1}
    assert [worker.terminate() for worker in workers] == [0, 0]


async def test_topics_that_are_made_anew_are_followed_from_their_new_beginning(
    deployment: Deployment, topics: KafkaSettings
) -> None:
    """The old jobs are lost with the old log, and are told so; new ones run on the same processes."""
    apis = [deployment.api(), deployment.api()]
    worker = deployment.worker()
    async with client_of([api.url for api in apis], deployment.key()) as client:
        old = [await client.submit(png(shade)) for shade in range(20)]
        await until_finished(client, apis, old)
        async with admin(topics) as kafka:
            await kafka.delete_topics([topics.jobs_topic, topics.job_events_topic])
        await made_anew(topics)
        new = [await client.submit(png(shade)) for shade in range(20)]
        await until_finished(client, apis, new)
        for job_id, api in itertools.product(old, apis):
            assert (await client.http.get(f"{api.url}/job/{job_id}")).status_code == 404
    assert worker.running
    assert worker.terminate() == 0


async def made_anew(topics: KafkaSettings) -> None:
    """A broker deletes in the background; until it has, the names are taken."""
    missing = {topics.jobs_topic, topics.job_events_topic}
    async with admin(topics) as kafka, asyncio.timeout(DEADLINE_SECONDS):
        while missing:
            answer = await kafka.create_topics(
                [NewTopic(name, PARTITIONS, 1, topic_configs=TIMESTAMPS) for name in missing]
            )
            missing = {name for name, code, *_ in answer.topic_errors if code == TopicAlreadyExistsError.errno}
            await asyncio.sleep(0.1)


async def until_finished(client: Client, apis: list[Service], job_ids: list[UUID]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await statuses(client, [api.url for api in apis], job_ids) != {JobStatus.FINISHED.value}:  # noqa: ASYNC110 - as clients ask
            await asyncio.sleep(0.2)
