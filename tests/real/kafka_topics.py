"""Topics of a test's own on a real broker, and the settings that name them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.errors import LogUnavailableError

LEADERS_SECONDS = 60.0
TIMESTAMPS = {"message.timestamp.type": "LogAppendTime"}


async def fresh_topics(
    bootstrap: str, partitions: int = 1, *, configs: dict[str, str] | None = None, replicas: int = 1
) -> KafkaSettings:
    """Three new topics and a new group; the names are nobody else's, so that tests share a broker."""
    name = f"t{uuid4().hex[:12]}"
    settings = KafkaSettings(
        brokers=bootstrap,
        jobs_topic=f"{name}.jobs",
        job_events_topic=f"{name}.job-events",
        dead_letter_topic=f"{name}.dead-letter",
        group_id=f"{name}.inference",
        client_id=name,
    )
    await create_topics(settings, partitions, configs=configs, replicas=replicas)
    return settings


async def create_topics(
    settings: KafkaSettings, partitions: int, *, configs: dict[str, str] | None = None, replicas: int = 1
) -> None:
    async with admin(settings) as client:
        answer = await client.create_topics(
            [
                NewTopic(topic, partitions, replicas, topic_configs=TIMESTAMPS | (configs or {}))
                for topic in settings.topics.values()
            ]
        )
        assert all(error[1] == 0 for error in answer.topic_errors), answer.topic_errors
    await _led(settings)


async def _led(settings: KafkaSettings) -> None:
    """Until the leader of each new partition knows that it leads."""
    feed = KafkaFeed(KafkaConnection(settings))
    try:
        async with asyncio.timeout(LEADERS_SECONDS):
            while True:
                with suppress(LogUnavailableError):
                    await feed.ends()
                    return
                await asyncio.sleep(0.02)
    finally:
        await feed.close()


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.brokers)
    await client.start()
    try:
        yield client
    finally:
        await client.close()
