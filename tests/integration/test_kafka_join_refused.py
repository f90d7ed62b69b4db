"""A worker that its group does not take says why, and waits: rights are given, and brokers set anew, while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.real.kafka_secured import SecuredKafka
from tests.real.kafka_topics import create_topics, fresh_topics

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.adapters.kafka.settings import KafkaSettings, kafka_settings

READ = "kafka-acls --bootstrap-server $BROKERS --add --allow-principal User:nobody --operation Read"


@asynccontextmanager
async def a_worker(connection: KafkaConnection, group: GroupSettings) -> AsyncIterator[None]:
    deliveries = KafkaDeliverySource(connection, group)
    receiving = asyncio.create_task(deliveries.receive())
    yield
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    await deliveries.close()


async def says(caplog: pytest.LogCaptureFixture, *parts: str) -> None:
    async with asyncio.timeout(60):
        while not any(all(part in message for part in ("waiting", *parts)) for message in caplog.messages):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_group_that_may_not_be_read_is_named(
    secured_kafka: SecuredKafka, caplog: pytest.LogCaptureFixture
) -> None:
    await create_topics(KafkaSettings(brokers=secured_kafka.cluster.bootstrap), 1)
    await asyncio.to_thread(secured_kafka.allow, [f"{READ} --topic rockseg.jobs"])
    async with a_worker(KafkaConnection(kafka_settings(secured_kafka.environ("nobody"))), GroupSettings()):
        await says(caplog, "ROCKSEG_KAFKA_GROUP_ID (rockseg-inference)", "docs/kafka-acls.md")


async def test_a_session_that_the_brokers_do_not_take_is_named(
    kafka_bootstrap: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = await fresh_topics(kafka_bootstrap)
    async with a_worker(KafkaConnection(settings), GroupSettings(session_seconds=4000)):
        await says(caplog, "ROCKSEG_KAFKA_SESSION_SECONDS")


async def test_brokers_that_are_away_are_told_by_their_variable(caplog: pytest.LogCaptureFixture) -> None:
    async with a_worker(KafkaConnection(KafkaSettings(brokers="127.0.0.1:1")), GroupSettings()):
        await says(caplog, "no broker of ROCKSEG_KAFKA_BROKERS answers")
