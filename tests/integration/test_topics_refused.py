"""What `topics ensure` says and leaves alone where the brokers, or their topics, are not as it would have them."""

import asyncio

import pytest
from aiokafka.admin import NewTopic
from click.testing import CliRunner, Result
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_secured import SecuredKafka
from tests.real.kafka_topics import admin, create_topics

from rockseg_api.entrypoints.cli import main
from rockseg_core.adapters.kafka.admin import KafkaAdmin
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.settings import kafka_settings

ACL = "kafka-acls --bootstrap-server $BROKERS --add --allow-principal User:rockseg-install"
TOPICS = "--topic rockseg.jobs --topic rockseg.job-events --topic rockseg.dead-letter"


def ensure(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["topics", "ensure", *arguments], env=environ)


def least_in_sync(environ: dict[str, str]) -> set[str]:
    async def of_each() -> set[str]:
        connection = KafkaConnection(kafka_settings(environ))
        async with KafkaAdmin(connection) as there:
            return {(await there.topic_configs(name))["min.insync.replicas"] for name in connection.topics.values()}

    return asyncio.run(of_each())


def test_topics_of_too_few_replicas_keep_what_they_can_bear_to_lose(three_brokers: KafkaCluster) -> None:
    environ = {"ROCKSEG_KAFKA_BROKERS": three_brokers.bootstrap}
    asyncio.run(create_topics(kafka_settings(environ), 6, configs={"min.insync.replicas": "1"}, replicas=2))
    result = ensure(environ, "--partitions", "6")
    assert result.exit_code == 1
    assert result.output.count("2 replicas, 3 are wanted") == 3
    assert result.output.count("min.insync.replicas stays as it is") == 3
    assert least_in_sync(environ) == {"1"}
    assert ensure(environ, "--partitions", "6", "--replicas", "2").exit_code == 0


def test_more_replicas_than_wanted_keep_what_must_have_a_record(three_brokers: KafkaCluster) -> None:
    environ = {"ROCKSEG_KAFKA_BROKERS": three_brokers.bootstrap}
    assert ensure(environ, "--partitions", "1").exit_code == 0
    assert ensure(environ, "--partitions", "1", "--replicas", "1").exit_code == 0
    assert least_in_sync(environ) == {"2"}


def test_a_dry_run_asks_the_brokers_whether_they_would(kafka_bootstrap: str) -> None:
    environ = {"ROCKSEG_KAFKA_BROKERS": kafka_bootstrap, "ROCKSEG_KAFKA_DEAD_LETTER_TOPIC": "collides_dead"}

    async def made_by_hand() -> None:
        async with admin(kafka_settings(environ)) as client:
            await client.create_topics([NewTopic("collides.dead", 1, 1)])

    asyncio.run(made_by_hand())
    result = ensure(environ, "--dry-run", "--replicas", "1")
    assert result.exit_code == 1
    assert "create collides_dead" in result.output
    assert ": collides.dead" in result.output


def test_batches_that_a_topic_would_refuse_are_let_in(kafka_bootstrap: str) -> None:
    environ = {"ROCKSEG_KAFKA_BROKERS": kafka_bootstrap} | {
        f"ROCKSEG_KAFKA_{role}_TOPIC": f"narrow.{role.lower()}" for role in ("JOBS", "JOB_EVENTS", "DEAD_LETTER")
    }
    asyncio.run(create_topics(kafka_settings(environ), 1, configs={"max.message.bytes": "900"}))
    result = ensure(environ, "--partitions", "1", "--replicas", "1")
    assert result.output.count("max.message.bytes=1048588 (was 900)") == 3
    assert result.exit_code == 0


@pytest.mark.parametrize("dry_run", [("--dry-run",), ()])
def test_a_right_that_is_missing_is_told_before_or_instead_of_a_half_done_job(
    secured_kafka: SecuredKafka, dry_run: tuple[str, ...]
) -> None:
    environ = secured_kafka.environ("rockseg-install")
    arguments = ("--partitions", "1", "--replicas", "1", *dry_run)

    def refused(right: str) -> str:
        secured_kafka.allow([right])
        result = ensure(environ, *arguments)
        assert result.exit_code == 1, result.output
        assert "docs/kafka-acls.md" in result.output.splitlines()[-1]
        return result.output

    assert "with the cluster" in refused(f"{ACL} --operation Create {TOPICS}")
    assert "a topic (rockseg." in refused(f"{ACL} --operation DescribeConfigs --cluster")
    assert there(secured_kafka) == set()


def there(kafka: SecuredKafka) -> set[str]:
    async def listed() -> set[str]:
        async with admin(kafka_settings({"ROCKSEG_KAFKA_BROKERS": kafka.cluster.bootstrap})) as client:
            return set(await client.list_topics())

    return asyncio.run(listed())


@pytest.mark.parametrize("command", [("topics", "ensure"), ("dead-letter", "list"), ("dead-letter", "show", "0/0")])
def test_every_command_says_why_it_was_refused(secured_kafka: SecuredKafka, command: tuple[str, ...]) -> None:
    environ = secured_kafka.environ("nobody")
    plain = {"ROCKSEG_KAFKA_BROKERS": secured_kafka.cluster.bootstrap, "ROCKSEG_KAFKA_SECURITY_PROTOCOL": "SSL"}
    for given, named, code in (
        (environ | {"ROCKSEG_KAFKA_SASL_PASSWORD": "wrong"}, "ROCKSEG_KAFKA_SASL_PASSWORD", 2),
        (environ | {"ROCKSEG_KAFKA_TLS_CA_FILE": ""}, "ROCKSEG_KAFKA_TLS_CA_FILE", 2),
        (plain, "ROCKSEG_KAFKA_SECURITY_PROTOCOL", None),
        (environ, "docs/kafka-acls.md", 1),
    ):
        result = CliRunner().invoke(main, command, env=given)
        assert named in result.output
        assert result.exit_code == code or (code is None and result.exit_code in {1, 2})
        assert len(result.output.splitlines()) == 1, result.output
