"""TLS, SCRAM and the least rights that docs/kafka-acls.md names: each user does its work, and no more."""

import asyncio
import re
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from click.testing import CliRunner, Result
from tests.contract.examples import a_request, an_event
from tests.contract.log_parts import read_up_to, soon
from tests.real.kafka_secured import SecuredKafka

from rockseg_api.entrypoints.cli import main
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobError, JobStatus
from rockseg_core.ports.feed import LogPartition, Topic

DOCUMENT = Path(__file__).parents[2] / "docs" / "kafka-acls.md"


def acls() -> list[str]:
    return re.findall(r"^kafka-acls .*$", DOCUMENT.read_text(), re.MULTILINE)


def connection(kafka: SecuredKafka, user: str, **changes: str) -> KafkaConnection:
    return KafkaConnection(kafka_settings(kafka.environ(user) | {"ROCKSEG_KAFKA_SEND_SECONDS": "10"} | changes))


async def command(kafka: SecuredKafka, user: str, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, arguments, env=kafka.environ(user))


async def test_each_user_does_its_work_with_the_rights_in_the_document_and_no_more(secured_kafka: SecuredKafka) -> None:
    assert len(acls()) == 11
    await asyncio.to_thread(secured_kafka.allow, acls())
    ensure = ("topics", "ensure", "--partitions", "2", "--replicas", "1")

    result = await command(secured_kafka, "rockseg-install", *ensure)
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines()] == ["done"] * 4
    result = await command(secured_kafka, "rockseg-install", *ensure)
    assert [line.split()[0] for line in result.output.splitlines()] == ["fine"] * 4
    result = await command(secured_kafka, "rockseg-install", "topics", "ensure", "--partitions", "4", "--replicas", "1")
    assert result.exit_code == 0, result.output

    log, feed = KafkaLog(connection(secured_kafka, "rockseg-api")), KafkaFeed(connection(secured_kafka, "rockseg-api"))
    worker = connection(secured_kafka, "rockseg-inference")
    deliveries, outcomes = KafkaDeliverySource(worker), KafkaLog(worker)
    log.open()
    outcomes.open()

    request = a_request()
    position = await log.publish_request(request)
    delivery = await soon(deliveries.receive())
    assert delivery is not None
    assert (delivery.request, delivery.position) == (request, position)
    event = an_event(request, JobStatus.FINISHED, partition=position.partition, offset=position.offset)
    await outcomes.publish_event(event)
    await outcomes.publish_dead_letter(delivery, JobError("worker_crashed", "It ended three workers."))
    assert await lag_seen_by(secured_kafka, "rockseg-keda") == 1
    await deliveries.acknowledge(delivery)
    assert await lag_seen_by(secured_kafka, "rockseg-keda") == 0
    ends = await feed.ends()
    assert ends[LogPartition(Topic.JOB_EVENTS, position.partition)] == 1
    assert {record.record for record in await read_up_to(feed, ends)} == {request, event}
    assert await feed.extents(0)

    result = await command(secured_kafka, "rockseg-operator", "dead-letter", "show", str(request.job_id))
    assert result.exit_code == 0, result.output
    assert "worker_crashed" in result.output
    await KafkaOf(secured_kafka, "rockseg-operator").may("jobs")

    await KafkaOf(secured_kafka, "rockseg-api").may_not("dead-letter")
    await KafkaOf(secured_kafka, "rockseg-inference").may_not("jobs")
    await KafkaOf(secured_kafka, "rockseg-operator").may_not("job-events")
    await KafkaOf(secured_kafka, "rockseg-keda").may_not("jobs")
    await KafkaOf(secured_kafka, "nobody").may_not("jobs")
    with pytest.raises(TopicAuthorizationFailedError):
        await a_request_read_by(secured_kafka, "rockseg-keda")
    with pytest.raises(GroupAuthorizationFailedError):
        await lag_seen_by(secured_kafka, "nobody")
    await deliveries.close()
    for one in (log, outcomes, feed):
        await one.close()


async def lag_seen_by(kafka: SecuredKafka, user: str) -> int:
    """Asked for as KEDA's scaler asks: partitions of the topic, offsets of the group, ends of the partitions."""
    arguments = connection(kafka, user).arguments()
    admin = AIOKafkaAdminClient(**arguments)
    await soon(admin.start())
    try:
        (topic,) = await soon(admin.describe_topics(["rockseg.jobs"]))
        committed = await soon(admin.list_consumer_group_offsets("rockseg-inference"))
    finally:
        await admin.close()
    async with AIOKafkaConsumer(**arguments) as consumer:
        jobs = [TopicPartition("rockseg.jobs", partition["partition"]) for partition in topic["partitions"]]
        ends = await soon(consumer.end_offsets(jobs))
    return sum(ends[partition] - committed[partition].offset for partition in jobs)


async def a_request_read_by(kafka: SecuredKafka, user: str) -> None:
    partitions = [TopicPartition("rockseg.jobs", number) for number in range(4)]
    async with AIOKafkaConsumer(**connection(kafka, user).arguments(auto_offset_reset="earliest")) as consumer:
        consumer.assign(partitions)
        await soon(consumer.getone())


class KafkaOf:
    """What a user may publish."""

    def __init__(self, kafka: SecuredKafka, user: str) -> None:
        self._connection = connection(kafka, user)

    async def may(self, topic: str) -> None:
        log = KafkaLog(self._connection)
        log.open()
        try:
            await self._publish(log, topic)
        finally:
            await log.close()

    async def may_not(self, topic: str) -> None:
        with pytest.raises(LogUnavailableError):
            await self.may(topic)

    async def _publish(self, log: KafkaLog, topic: str) -> None:
        request = a_request()
        match topic:
            case "jobs":
                await log.publish_request(request)
            case "job-events":
                await log.publish_event(an_event(request, JobStatus.ERASED))
            case _:
                await log._producer.send("rockseg.dead-letter", key=b"k", value=b"v", headers=[], partition=None)


async def test_a_wrong_password_and_an_unknown_authority_are_each_a_log_that_cannot_be_reached(
    secured_kafka: SecuredKafka,
) -> None:
    for changes in (
        {"ROCKSEG_KAFKA_SASL_PASSWORD": "wrong"},
        {"ROCKSEG_KAFKA_TLS_CA_FILE": ""},
    ):
        feed = KafkaFeed(connection(secured_kafka, "rockseg-api", **changes))
        with pytest.raises(LogUnavailableError):
            await soon(feed.ends())
        await feed.close()
    result = await asyncio.to_thread(
        CliRunner().invoke, main, ["topics", "ensure"], env=secured_kafka.environ("rockseg-install", "wrong")
    )
    assert result.exit_code == 2
    assert "Traceback" not in result.output
