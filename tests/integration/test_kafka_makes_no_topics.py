"""Kafka's own default is to make whatever topic is asked for, of one replica: only `topics ensure` may make ours."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from tests.contract.examples import a_request
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars

from rockseg_core.adapters.kafka.check import check_brokers
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import Topic


@pytest.fixture
def eager_brokers(tmp_path: Path) -> Iterator[str]:
    jars = installed_jars()
    if jars is None:
        pytest.skip("needs brokers of its own")
    cluster = KafkaCluster(jars, tmp_path / "kafka", properties={"auto.create.topics.enable": "true"})
    try:
        cluster.start()
        yield cluster.bootstrap
    finally:
        cluster.stop()


async def test_whoever_waits_for_topics_does_not_make_them(eager_brokers: str) -> None:
    connection = KafkaConnection(KafkaSettings(brokers=eager_brokers, send_seconds=1.0))
    log, feed, source = KafkaLog(connection), KafkaFeed(connection), KafkaDeliverySource(connection)
    log.open()
    await log.wait_connected()
    receiving = asyncio.ensure_future(source.receive())
    for _ in range(3):  # what was asked for before would be there the next time
        with pytest.raises(LogUnavailableError, match="topics ensure"):
            await check_brokers(connection, Topic)
        with pytest.raises(LogUnavailableError):
            await feed.ends()
        with pytest.raises(LogUnavailableError):
            await feed.extents(0.0)
        with pytest.raises(LogUnavailableError):
            await log.publish_request(a_request())
    receiving.cancel()
    await asyncio.gather(source.close(), log.close(), feed.close(), return_exceptions=True)
    admin = AIOKafkaAdminClient(bootstrap_servers=eager_brokers)
    await admin.start()
    try:
        assert not {name for name in await admin.list_topics() if name.startswith("rockseg")}
    finally:
        await admin.close()
