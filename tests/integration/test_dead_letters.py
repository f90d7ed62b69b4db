import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from click.testing import CliRunner, Result
from tests.contract.examples import a_request, an_event
from tests.contract.log_parts import read_up_to
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_topics import fresh_topics
from tests.real.s3_server import S3Server

from rockseg_api.entrypoints.cli import main
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.dead_letters import DeadLetter, dead_letters
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.s3 import WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.codec.records import encode
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobError, JobStatus, RequestPosition
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.feed import Topic

CRASHED = JobError("worker_crashed", "It ended three workers.")


class Letters:
    """A dead-letter topic of the test's own, and the command that looks at it."""

    def __init__(self, connection: KafkaConnection, store_environ: dict[str, str]) -> None:
        settings = connection.settings
        self.connection = connection
        self.environ = store_environ | {
            "ROCKSEG_KAFKA_BROKERS": settings.brokers,
            "ROCKSEG_KAFKA_JOBS_TOPIC": settings.jobs_topic,
            "ROCKSEG_KAFKA_JOB_EVENTS_TOPIC": settings.job_events_topic,
            "ROCKSEG_KAFKA_DEAD_LETTER_TOPIC": settings.dead_letter_topic,
        }
        self.log = KafkaLog(connection)

    async def give_up(self, request: JobRequest | None, offset: int = 5) -> None:
        value = b"not json" if request is None else encode(request)
        key = None if request is None else str(request.job_id).encode()
        delivery = Delivery(RequestPosition(0, offset), 3, key, value, request)
        await self.log.publish_dead_letter(delivery, CRASHED)

    async def run(self, *arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, main, ["dead-letter", *arguments], env=self.environ)


@pytest.fixture
async def letters(kafka_bootstrap: str, s3_server: S3Server, s3_bucket: str) -> AsyncIterator[Letters]:
    letters = Letters(KafkaConnection(await fresh_topics(kafka_bootstrap, 2)), s3_server.environ(s3_bucket))
    letters.log.open()
    yield letters
    await letters.log.close()


async def test_brokers_that_hang_while_letters_are_read_are_said_to(
    own_kafka: KafkaCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rockseg_core.adapters.kafka.dead_letters.STILL_SECONDS", 2)
    connection = KafkaConnection(await fresh_topics(own_kafka.bootstrap))
    async with producing(connection) as producer:
        sent = [await producer.send(connection.topics[Topic.DEAD_LETTER], random.randbytes(4000)) for _ in range(3000)]
        await asyncio.gather(*sent)
    reading = dead_letters(connection)
    await anext(reading)
    own_kafka.pause_node(own_kafka.nodes[0])
    with pytest.raises(LogUnavailableError, match="cannot be read: no answer in time"):
        await asyncio.wait_for(rest(reading), 60)


async def rest(reading: AsyncIterator[DeadLetter]) -> list[DeadLetter]:
    return [letter async for letter in reading]


@asynccontextmanager
async def producing(connection: KafkaConnection) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**connection.arguments())
    await producer.start()
    yield producer
    await producer.stop()


async def test_no_letters_is_said(letters: Letters) -> None:
    result = await letters.run("list")
    assert (result.exit_code, result.output.strip()) == (0, "There are no dead letters.")


async def test_letters_are_listed_with_what_was_wrong_and_those_of_one_tenant_alone(letters: Letters) -> None:
    requests = [a_request() for _ in range(5)]
    for request in requests:
        await letters.give_up(request)
    await letters.give_up(None)
    lines = (await letters.run("list")).output.splitlines()
    assert len(lines) == 6
    assert sum("worker_crashed  It ended three workers." in line for line in lines) == 6
    assert sum("no request" in line for line in lines) == 1
    assert all(any(str(request.job_id) in line for line in lines) for request in requests)
    assert len((await letters.run("list", "--tenant", "acme")).output.splitlines()) == 5
    assert "no dead letters" in (await letters.run("list", "--tenant", "other")).output


async def test_letters_of_all_partitions_are_listed_by_their_time(letters: Letters) -> None:
    for _ in range(16):
        await letters.give_up(a_request())
    times = {letter.position: letter.at async for letter in dead_letters(letters.connection)}
    positions = [line.split()[0] for line in (await letters.run("list")).output.splitlines()]
    assert {position.split("/")[0] for position in positions} == {"0", "1"}
    assert sorted(positions) == sorted(times)
    assert [times[position] for position in positions] == sorted(times.values())


async def test_what_a_letter_s_headers_say_does_not_steer_the_terminal(letters: Letters) -> None:
    request = a_request()
    delivery = Delivery(RequestPosition(0, 5), 3, None, encode(request), request)
    await letters.log.publish_dead_letter(delivery, JobError("a\x1b[2Jb", "one\ntwo\x9b31m\u202e"))
    for command in (["list"], ["show", str(request.job_id)]):
        shown = (await letters.run(*command)).output
        assert "a\\x1b[2Jb" in shown
        assert "one\\ntwo\\x9b31m\\u202e" in shown
        assert all(line.isprintable() for line in shown.split("\n"))


async def test_a_job_s_id_may_be_in_capitals_and_a_tenant_must_be_one(letters: Letters) -> None:
    request = a_request()
    await letters.give_up(request)
    assert (await letters.run("show", str(request.job_id).upper())).exit_code == 0
    wrong = await letters.run("list", "--tenant", "No Tenant")
    assert (wrong.exit_code, "--tenant" in wrong.output) == (2, True)


async def test_a_letter_is_shown_whole_by_its_position_or_its_job(letters: Letters) -> None:
    request = a_request()
    await letters.give_up(request)
    by_job = (await letters.run("show", str(request.job_id))).output
    assert json.loads(by_job[by_job.index("{") :])["photo_key"] == request.photo_key
    assert f"{letters.connection.topics[Topic.JOBS]}/0/5" in by_job
    assert "worker_crashed: It ended three workers." in by_job
    position = by_job.splitlines()[0].split()[1].rstrip(",")
    assert (await letters.run("show", position)).output == by_job


async def test_a_letter_s_bytes_are_those_that_came_whatever_they_were(letters: Letters) -> None:
    for key, value in ((None, None), (b"k", None), (None, b"\xff\x00"), (b"\xfe", b"{}")):
        await letters.log.publish_dead_letter(Delivery(RequestPosition(1, 2), 1, key, value, None), CRASHED)
    found = [letter async for letter in dead_letters(letters.connection)]
    assert {letter.value for letter in found} == {None, b"\xff\x00", b"{}"}
    assert {letter.origin for letter in found} == {f"{letters.connection.topics[Topic.JOBS]}/1/2"}
    assert (await letters.run("list")).exit_code == 0
    for letter in found:
        assert (await letters.run("show", letter.position)).exit_code == 0


@pytest.mark.parametrize(("key_bytes", "value_bytes"), [(1, 1_048_576 - 40), (1_048_500, 20)])
async def test_a_stray_too_large_for_a_letter_leaves_its_beginning_and_its_origin(
    letters: Letters, key_bytes: int, value_bytes: int
) -> None:
    """As large as its own topic takes; with the headers of a letter it is larger."""
    stray = Delivery(RequestPosition(1, 2), 1, b"k" * key_bytes, b"v" * value_bytes, None)
    await letters.log.publish_dead_letter(stray, CRASHED)
    (letter,) = [letter async for letter in dead_letters(letters.connection)]
    assert (letter.key, letter.value) == (b"k" * min(key_bytes, 4096), b"v" * min(value_bytes, 4096))
    assert letter.origin == f"{letters.connection.topics[Topic.JOBS]}/1/2"
    assert f"cut from  {value_bytes} bytes" in (await letters.run("show", letter.position)).output
    headers = await headers_of_first(letters.connection)
    assert headers["rockseg_key_bytes"] == str(key_bytes).encode()
    assert headers["rockseg_value_bytes"] == str(value_bytes).encode()


async def headers_of_first(connection: KafkaConnection) -> dict[str, bytes]:
    """Of the one letter that there is."""
    topic = connection.topics[Topic.DEAD_LETTER]
    brokers = connection.settings.brokers
    async with AIOKafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(20):
            return dict((await consumer.getone()).headers)


async def test_a_retry_publishes_a_new_job_with_the_photo(letters: Letters) -> None:
    request = a_request()
    await letters.give_up(request)
    store = S3Store(s3_settings(letters.environ), WORKER_PROFILE)
    await store.put(request.photo_key, b"photo", "image/jpeg")
    result = await letters.run("retry", str(request.job_id))
    assert result.exit_code == 0, result.output
    assert (await letters.run("retry", str(request.job_id))).output == result.output
    feed = KafkaFeed(letters.connection)
    found = [record.record for record in await read_up_to(feed, await feed.ends())]
    await feed.close()
    new = found[0]
    assert isinstance(new, JobRequest)
    assert [str(record.job_id) for record in found if record] == [result.output.split()[-2]] == [str(new.job_id)]
    assert await store.get(new.photo_key) == b"photo"
    await letters.log.publish_event(an_event(new, JobStatus.ERASED))
    await store.delete(new.photo_key)
    result = await letters.run("retry", str(request.job_id))
    assert (result.exit_code, "was erased" in result.output) == (2, True), result.output
    assert not await store.exists(new.photo_key)
    await store.close()


async def test_what_cannot_be_retried_is_one_sentence_and_nothing_is_published(letters: Letters) -> None:
    gone = a_request()
    await letters.give_up(gone)
    await letters.give_up(None)
    stray = next(
        letter.position for letter in [d async for d in dead_letters(letters.connection)] if not letter.request
    )
    letters.environ["ROCKSEG_S3_SECRET_KEY"], right = "another", letters.environ["ROCKSEG_S3_SECRET_KEY"]
    result = await letters.run("retry", str(gone.job_id))
    assert (result.exit_code, "ROCKSEG_S3_SECRET_KEY" in result.output) == (2, True)
    letters.environ["ROCKSEG_S3_SECRET_KEY"] = right
    for name, why in ((str(gone.job_id), "photo is gone"), (stray, "is no request"), ("9/9", "no dead letter 9/9")):
        result = await letters.run("retry", name)
        assert result.exit_code == 2
        assert why in result.output
        assert "Traceback" not in result.output
    feed = KafkaFeed(letters.connection)
    assert set((await feed.ends()).values()) == {0}
    await feed.close()
