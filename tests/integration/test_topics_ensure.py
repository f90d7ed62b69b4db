import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition
from click.testing import CliRunner, Result
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars
from tests.real.kafka_topics import admin

from rockseg_api.entrypoints.cli import main
from rockseg_core.adapters.kafka.admin import NO_OFFSET, KafkaAdmin
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.settings import KafkaSettings, kafka_settings

ONE_BROKER = ("--replicas", "1")


class Ensuring:
    """The command, for topics of the test's own."""

    def __init__(self, bootstrap: str) -> None:
        name = f"t{uuid4().hex[:12]}"
        self.environ = {
            "ROCKSEG_KAFKA_BROKERS": bootstrap,
            "ROCKSEG_KAFKA_JOBS_TOPIC": f"{name}.jobs",
            "ROCKSEG_KAFKA_JOB_EVENTS_TOPIC": f"{name}.job-events",
            "ROCKSEG_KAFKA_DEAD_LETTER_TOPIC": f"{name}.dead-letter",
            "ROCKSEG_KAFKA_GROUP_ID": f"{name}.inference",
        }
        self.jobs, self.events = f"{name}.jobs", f"{name}.job-events"

    @property
    def settings(self) -> KafkaSettings:
        return kafka_settings(self.environ)

    def run(self, *arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(main, ["topics", "ensure", *arguments], env=self.environ | environ)

    def outcomes(self, *arguments: str, **environ: str) -> list[str]:
        result = self.run(*arguments, **environ)
        assert result.exit_code == 0, result.output
        return [line.split()[0] for line in result.output.splitlines()]

    def partitions(self) -> dict[str, int]:
        return asyncio.run(self._partitions())

    async def _partitions(self) -> dict[str, int]:
        async with KafkaAdmin(KafkaConnection(self.settings)) as there:
            return {
                name.rpartition(".")[2]: len(replicas)
                for name, replicas in (await there.replicas(self.settings.topics.values())).items()
            }

    def configs(self, topic: str) -> dict[str, str]:
        return asyncio.run(self._configs(topic))

    async def _configs(self, topic: str) -> dict[str, str]:
        async with KafkaAdmin(KafkaConnection(self.settings)) as there:
            return await there.topic_configs(topic)

    def offsets(self, partitions: int) -> list[int]:
        return asyncio.run(self._offsets(partitions))

    async def _offsets(self, partitions: int) -> list[int]:
        at = [TopicPartition(self.jobs, number) for number in range(partitions)]
        async with KafkaAdmin(KafkaConnection(self.settings)) as there:
            found = await there.committed(self.settings.group_id, at)
        return [found[one] for one in at]


async def is_there(client: AIOKafkaAdminClient, topic: str) -> None:
    """The controller answers before the brokers know."""
    async with asyncio.timeout(60):
        while topic not in await client.list_topics():  # noqa: ASYNC110 - Kafka tells of it in no other way
            await asyncio.sleep(0.05)


@pytest.fixture
def ensuring(kafka_bootstrap: str) -> Ensuring:
    return Ensuring(kafka_bootstrap)


def test_topics_are_made_as_the_design_wants_them_and_a_second_run_finds_nothing_to_do(ensuring: Ensuring) -> None:
    assert ensuring.outcomes("--partitions", "4", *ONE_BROKER) == ["done"] * 4
    assert ensuring.partitions() == {"jobs": 4, "job-events": 4, "dead-letter": 4}
    configs = ensuring.configs(ensuring.jobs)
    wanted = {
        "cleanup.policy": "delete",
        "compression.type": "producer",
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": "1",
        "retention.bytes": "-1",
        "retention.ms": str(2 * 24 * 3600 * 1000),
        "segment.ms": "3600000",
        "unclean.leader.election.enable": "false",
    }
    assert {name: configs[name] for name in wanted} == wanted
    assert ensuring.offsets(4) == [0] * 4
    assert ensuring.outcomes("--partitions", "4", *ONE_BROKER) == ["fine"] * 4


def test_a_dry_run_says_what_it_would_do_and_does_nothing(ensuring: Ensuring) -> None:
    assert ensuring.outcomes("--dry-run", *ONE_BROKER) == ["would"] * 4
    assert ensuring.partitions() == {}
    ensuring.run("--partitions", "2", *ONE_BROKER)
    assert ensuring.outcomes("--dry-run", "--partitions", "3", *ONE_BROKER) == ["would"] * 4
    assert set(ensuring.partitions().values()) == {2}


def test_partitions_grow_and_never_shrink_and_those_of_events_come_first(ensuring: Ensuring) -> None:
    ensuring.run("--partitions", "2", *ONE_BROKER)
    result = ensuring.run("--partitions", "5", *ONE_BROKER)
    grown = re.findall(r"grow \S+\.(\S+) from 2 to 5", result.output)
    assert grown == ["job-events", "dead-letter", "jobs"]
    assert set(ensuring.partitions().values()) == {5}
    assert ensuring.offsets(5) == [0] * 5
    assert ensuring.outcomes("--partitions", "2", *ONE_BROKER) == ["fine"] * 4


def test_events_get_as_many_partitions_as_jobs_have(ensuring: Ensuring) -> None:
    async def made_by_hand() -> None:
        async with admin(ensuring.settings) as client:
            await client.create_topics([NewTopic(ensuring.jobs, 6, 1)])
            await is_there(client, ensuring.jobs)

    asyncio.run(made_by_hand())
    ensuring.outcomes("--partitions", "2", *ONE_BROKER)
    assert ensuring.partitions() == {"jobs": 6, "job-events": 6, "dead-letter": 2}


def test_settings_of_a_topic_made_by_hand_are_mended_and_its_others_left_alone(ensuring: Ensuring) -> None:
    async def made_by_hand() -> None:
        own = {
            "retention.ms": "60000",
            "max.message.bytes": "123456",
            "cleanup.policy": "compact",
            "compression.type": "zstd",
        }
        async with admin(ensuring.settings) as client:
            await client.create_topics([NewTopic(ensuring.jobs, 2, 1, topic_configs=own)])
            await is_there(client, ensuring.jobs)

    asyncio.run(made_by_hand())
    result = ensuring.run("--partitions", "2", *ONE_BROKER)
    assert "retention.ms=172800000 (was 60000)" in result.output
    configs = ensuring.configs(ensuring.jobs)
    assert configs["cleanup.policy"] == "delete"
    assert configs["compression.type"] == "producer"
    assert configs["max.message.bytes"] == "123456"
    assert ensuring.outcomes("--partitions", "2", *ONE_BROKER) == ["fine"] * 4


def test_retention_follows_the_lifetime_and_a_longer_one_is_left_alone(ensuring: Ensuring) -> None:
    ensuring.run("--partitions", "1", *ONE_BROKER, ROCKSEG_LIFETIME_SECONDS="3600")
    assert ensuring.configs(ensuring.jobs)["retention.ms"] == str(2 * 3600 * 1000)
    assert ensuring.outcomes("--partitions", "1", *ONE_BROKER, ROCKSEG_LIFETIME_SECONDS="7200") == [
        *["done"] * 3,
        "fine",
    ]
    assert ensuring.outcomes("--partitions", "1", *ONE_BROKER, ROCKSEG_LIFETIME_SECONDS="3600") == ["fine"] * 4


def test_an_offset_that_the_group_has_is_never_set_back(ensuring: Ensuring) -> None:
    ensuring.run("--partitions", "2", *ONE_BROKER)

    async def worker_has_done_some() -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=ensuring.settings.brokers, group_id=ensuring.settings.group_id, enable_auto_commit=False
        )
        await consumer.start()
        at = TopicPartition(ensuring.jobs, 1)
        consumer.assign([at])
        await consumer.commit({at: (7, "in flight: some")})
        await consumer.stop()

    asyncio.run(worker_has_done_some())
    ensuring.outcomes("--partitions", "3", *ONE_BROKER)
    assert ensuring.offsets(3) == [0, 7, 0]


async def test_a_group_with_members_is_reported_and_is_no_error(ensuring: Ensuring) -> None:
    await asyncio.to_thread(ensuring.run, "--partitions", "1", *ONE_BROKER)
    worker = AIOKafkaConsumer(
        ensuring.jobs,
        bootstrap_servers=ensuring.settings.brokers,
        group_id=ensuring.settings.group_id,
        enable_auto_commit=False,
    )
    await worker.start()
    outcomes = await asyncio.to_thread(ensuring.outcomes, "--partitions", "2", *ONE_BROKER)
    await worker.stop()
    assert outcomes == ["done", "done", "done", "note"]
    assert await ensuring._offsets(2) == [0, NO_OFFSET]


def test_more_replicas_than_brokers_is_one_sentence(ensuring: Ensuring) -> None:
    result = ensuring.run()
    assert result.exit_code == 1
    assert "3 replicas are wanted of 1 brokers" in result.output
    assert ensuring.partitions() == {}


def test_too_few_replicas_of_a_topic_that_is_there_are_named(ensuring: Ensuring) -> None:
    ensuring.run("--partitions", "1", *ONE_BROKER)
    result = ensuring.run("--partitions", "1", "--replicas", "2")
    assert result.exit_code == 1
    assert result.output.count("reassign them") == 3


def test_brokers_that_are_away_are_one_sentence_that_names_them() -> None:
    result = CliRunner().invoke(main, ["topics", "ensure"], env={"ROCKSEG_KAFKA_BROKERS": "127.0.0.1:1"})
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.output
    assert "Traceback" not in result.output


def test_no_brokers_is_one_sentence_that_names_the_variable() -> None:
    result = CliRunner().invoke(main, ["topics", "ensure"], env={"ROCKSEG_KAFKA_BROKERS": ""})
    assert result.exit_code == 2
    assert "ROCKSEG_KAFKA_BROKERS is not set" in result.output


@pytest.fixture
def forgetful_brokers(tmp_path: Path) -> Iterator[str]:
    jars = installed_jars()
    if jars is None:
        pytest.skip("needs brokers of its own")
    cluster = KafkaCluster(jars, tmp_path / "kafka", properties={"offsets.retention.minutes": "60"})
    try:
        cluster.start()
        yield cluster.bootstrap
    finally:
        cluster.stop()


def test_brokers_that_forget_offsets_within_a_job_s_lifetime_are_refused(forgetful_brokers: str) -> None:
    ensuring = Ensuring(forgetful_brokers)
    result = ensuring.run(*ONE_BROKER)
    assert result.exit_code == 1
    assert "offsets.retention.minutes=60" in result.output
    assert ensuring.partitions() == {}
    assert ensuring.run(*ONE_BROKER, ROCKSEG_LIFETIME_SECONDS="3600").exit_code == 0
