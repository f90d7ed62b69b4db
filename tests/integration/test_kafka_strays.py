"""What others may write to the topic of the jobs, and aiokafka cannot unpack: it stops nobody, and loses nothing."""

import asyncio
import random
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaError
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_owners import Crew, Hand, crew_of, soon
from tests.real.kafka_strays import HEADER, bad_headers, without_zstd

from rockseg_core.adapters.kafka.dead_letters import dead_letters
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.unpacking import MOST_RECORDS
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobError
from rockseg_core.domain.window import Window
from rockseg_core.ports.feed import LogPartition, Topic

CODECS = ("gzip", "snappy", "lz4", "zstd")
JOBS = 12  # of each partition
PARTITIONS = 5
MANY = 100_000


async def publish(
    crew: Crew,
    *values: bytes,
    partition: int = 0,
    codec: str | None = None,
    header: str = "h",
    topic: str | None = None,
) -> None:
    """All of it as one batch."""
    arguments = crew.connection.arguments(acks="all", compression_type=codec, linger_ms=100)
    async with AIOKafkaProducer(**arguments) as producer:
        headers = [(header, b"v")]
        sent = [
            await producer.send(topic or crew.topic, value, partition=partition, headers=headers) for value in values
        ]
        await asyncio.gather(*sent)


async def work(hand: Hand, count: int) -> list[Delivery]:
    """Take so many, each acknowledged before the next is asked for."""
    found = []
    for _ in range(count):
        found += await hand.take(1)
        await soon(hand.acknowledge(found[-1]))
    return found


async def test_a_worker_reads_batches_of_every_codec(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        for codec in CODECS:
            await publish(crew, codec.encode() * 99, codec=codec)
        found = await work(crew.hire(), len(CODECS))
        assert [delivery.value for delivery in found] == [codec.encode() * 99 for codec in CODECS]
        assert all(delivery.end is None for delivery in found)


async def test_a_replica_reads_batches_of_every_codec(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        for codec in CODECS:
            await publish(crew, codec.encode() * 99, codec=codec)
        assert await offsets_fed(crew, 0, len(CODECS)) == set(range(len(CODECS)))


async def test_a_batch_of_very_many_records_is_taken_a_part_at_a_time(kafka_bootstrap: str) -> None:
    """A hundred kilobytes of empty records: all at once they would take a worker's memory, and each start an age."""
    async with crew_of(kafka_bootstrap) as crew:
        arguments = crew.connection.arguments(acks="all", compression_type="zstd", max_batch_size=1 << 24)
        async with AIOKafkaProducer(**arguments, max_request_size=1 << 24) as producer:
            batch = producer.create_batch()
            while batch.record_count() < MANY:
                assert batch.append(key=None, value=b"", timestamp=None)
            await (await producer.send_batch(batch, crew.topic, partition=0))
        hand = crew.hire()
        [first] = await hand.take(1)
        assert first.position == (0, 0)
        held = hand._dispatch._lanes[0].waiting
        assert len(held) < 2 * MOST_RECORDS
        found = [first]
        await soon(hand.acknowledge(first))
        found += await work(hand, MOST_RECORDS)
        assert [delivery.position.offset for delivery in found] == list(range(MOST_RECORDS + 1))
        assert len(held) < 2 * MOST_RECORDS


async def test_a_batch_of_an_unknown_codec_costs_no_neighbour_its_run(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, PARTITIONS) as crew:
        await publish(crew, b"stray" * 50, b"stray" * 50, partition=1, codec="zstd")
        with without_zstd():
            hand = crew.hire()
            (stray,) = await hand.take(1)
            assert (stray.position, stray.end, stray.request, stray.key, stray.value) == ((1, 0), 2, None, None, None)
            for number in range(JOBS):
                for partition in range(PARTITIONS):
                    await crew.publish(1, partition, b"%d" % number)
            found = await work(hand, PARTITIONS * JOBS)
            first = [2 if partition == 1 else 0 for partition in range(PARTITIONS)]
            assert sorted((d.position.partition, d.position.offset - first[d.position.partition]) for d in found) == [
                (partition, number) for partition in range(PARTITIONS) for number in range(JOBS)
            ]
            assert all(delivery.attempt == 1 for delivery in found)
            assert (await crew.committed(1)).prefix == 0  # until the stray is acknowledged, all of it is to be done
            await soon(hand.acknowledge(stray))
            for partition in range(PARTITIONS):
                await crew.commits(Window(first[partition] + JOBS), partition)


@pytest.mark.parametrize("size", [1000, 200_000])
async def test_a_stray_of_any_size_behind_a_transactions_marker_stops_nobody(kafka_bootstrap: str, size: int) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await in_a_transaction(crew, crew.topic)  # the record, and its marker
        await publish(crew, random.randbytes(size), codec="zstd")
        await crew.publish(1)
        with without_zstd():
            found = await work(crew.hire(), 3)
            assert [(d.position.offset, d.end, d.attempt) for d in found] == [(0, None, 1), (2, 3, 1), (3, None, 1)]
            assert await offsets_fed(crew, 1, 2) == {2, 3}
        await crew.commits(Window(4))


async def in_a_transaction(crew: Crew, topic: str) -> None:
    arguments = crew.connection.arguments(transactional_id=crew.topic)
    async with AIOKafkaProducer(**arguments) as producer, producer.transaction():
        await producer.send_and_wait(topic, b"letter", partition=0)


async def offsets_fed(crew: Crew, position: int, count: int) -> set[int]:
    feed, offsets = KafkaFeed(crew.connection), set[int]()
    try:
        async with asyncio.timeout(60):
            async for batch in feed.follow({LogPartition(Topic.JOBS, 0): position}):
                offsets |= {record.offset for record in batch.records}
                if len(offsets) >= count:
                    break
    finally:
        await feed.close()
    return offsets


async def test_many_strays_between_many_jobs_cost_none_of_them_its_run(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, PARTITIONS) as crew:
        for number in range(JOBS):
            for partition in range(PARTITIONS):
                await crew.publish(2, partition, b"%d" % number)
                await publish(crew, b"stray" * 50, partition=partition, codec="zstd")
        with without_zstd():
            found = await work(crew.hire(), PARTITIONS * JOBS * 3)
        assert len({delivery.position for delivery in found}) == len(found)
        assert sum(delivery.end is not None for delivery in found) == PARTITIONS * JOBS
        for partition in range(PARTITIONS):
            await crew.commits(Window(JOBS * 3), partition)


async def test_a_headers_name_that_is_no_text_is_passed_over_with_the_rest_of_its_batch(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(1)
        with bad_headers():
            await publish(crew, b"stray", b"stray", b"stray", header=HEADER)
        await crew.publish(1)
        found = await work(crew.hire(), 3)
        assert [(delivery.position.offset, delivery.end) for delivery in found] == [(0, None), (1, 4), (4, None)]
        await crew.commits(Window(5))


async def test_a_stray_of_which_its_worker_died_comes_again(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        with bad_headers():
            await publish(crew, b"stray", b"stray", header=HEADER)
        await crew.publish(2)
        first = crew.hire()
        (stray, job) = await first.take(2)
        await soon(first.acknowledge(job))
        await first.close([stray])
        found = await work(crew.hire(), 2)
        assert [(d.position.offset, d.end, d.attempt) for d in found] == [(0, 2, 2), (3, None, 1)]


async def test_the_letter_of_a_stray_names_its_offsets(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        with bad_headers():
            await publish(crew, b"stray", b"stray", header=HEADER)
        (stray,) = await crew.hire().take(1)
        log = KafkaLog(crew.connection)
        log.open()
        await soon(log.publish_dead_letter(stray, JobError("record_undecodable", "")))
        await log.close()
        (letter,) = [letter async for letter in dead_letters(crew.connection)]
        assert (letter.origin, letter.value) == (f"{crew.topic}/0/0-1", None)


async def test_letters_are_read_around_a_stray_and_up_to_a_transactions_marker(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rockseg_core.adapters.kafka.dead_letters.STILL_SECONDS", 10)
    async with crew_of(kafka_bootstrap) as crew:
        topic = crew.connection.topics[Topic.DEAD_LETTER]
        await publish(crew, b"letter", topic=topic)
        await publish(crew, b"stray" * 50, b"stray" * 50, codec="zstd", topic=topic)
        await in_a_transaction(crew, topic)
        with without_zstd():
            found = [letter async for letter in dead_letters(crew.connection)]
        assert [(letter.offset, letter.value) for letter in found] == [(0, b"letter"), (1, None), (3, b"letter")]
        assert "cannot be unpacked" in found[1].sentence
        assert found[0].at <= found[1].at <= found[2].at
        whole = [letter.offset async for letter in dead_letters(crew.connection)]
        assert whole == [0, 1, 2, 3]


async def test_a_batch_that_the_disk_has_spoilt_is_passed_over(own_kafka: KafkaCluster) -> None:
    async with crew_of(own_kafka.bootstrap) as crew:
        await crew.publish(1)
        await publish(crew, b"spoil me", b"spoil me")
        await crew.publish(1)
        _spoil(own_kafka.nodes[0].folder, f"{crew.topic}-0")
        found = await work(crew.hire(), 3)
        assert [(delivery.position.offset, delivery.end) for delivery in found] == [(0, None), (1, 3), (3, None)]


def _spoil(folder: Path, partition: str) -> None:
    (segment,) = folder.rglob(f"{partition}/*.log")
    with segment.open("r+b") as log:
        log.seek(segment.read_bytes().index(b"spoil me"))
        log.write(b"SPOIL ME")


async def test_what_was_lost_on_its_way_is_read_again_and_not_taken_for_done(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else may be raised once records were taken."""
    real, losses = Fetcher.fetched_records, [KeyError("then"), KafkaError("first")]

    async def lossy(self: Fetcher, *arguments: object, **named: object) -> object:
        found = await real(self, *arguments, **named)
        if found and losses:
            raise losses.pop()
        return found

    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(4, partition)
        monkeypatch.setattr(Fetcher, "fetched_records", lossy)
        found = await work(crew.hire(), 8)
        assert not losses
        assert sorted(delivery.position for delivery in found) == [(p, o) for p in (0, 1) for o in range(4)]


async def test_a_worker_that_can_fetch_no_more_ends(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        hand = crew.hire()
        await crew.publish(1)
        await work(hand, 1)
        monkeypatch.setattr(Fetcher, "_proc_fetch_request", _broken)
        with pytest.raises(FatalError, match="fetch"):
            await _work_for_ever(crew, hand)
        await hand.close()


async def _work_for_ever(crew: Crew, hand: Hand) -> None:
    while True:
        await crew.publish(1)
        await work(hand, 1)


async def _broken(*_arguments: object) -> bool:
    raise KeyError
