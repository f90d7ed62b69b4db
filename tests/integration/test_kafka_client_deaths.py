"""aiokafka's background tasks end for good on an error that they do not foresee. Then a new client is made."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.contract.examples import a_request
from tests.contract.log_parts import DEADLINE_SECONDS
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_topics import fresh_topics

from rockseg_core.adapters.kafka import KafkaConnection, KafkaFeed, KafkaLog
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.domain.errors import LogUnavailableError


@pytest.fixture
async def connection(kafka_bootstrap: str) -> KafkaConnection:
    return KafkaConnection(await fresh_topics(kafka_bootstrap))


@pytest.fixture
async def log(connection: KafkaConnection) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(connection)
    log.open()
    await log.wait_connected()
    yield log
    await log.close()


async def unforeseen(*_arguments: Any, **_named: Any) -> None:
    raise KeyError


async def test_a_log_whose_sending_has_ended_is_made_anew(log: KafkaLog) -> None:
    await log.publish_request(a_request())
    dead = log._producer._producer
    dead.client.send = unforeseen  # as aiokafka 0.14 does when two requests time out at once
    failures = 0
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                await log.publish_request(a_request())
                break
            except LogUnavailableError:
                failures += 1
    assert dead._sender.sender_task.done()
    assert 1 <= failures <= 2
    assert log._producer._producer is not dead


async def test_a_follower_whose_fetching_has_ended_is_told(
    log: KafkaLog, connection: KafkaConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = KafkaFeed(connection)
    following = feed.follow({})
    await log.publish_request(a_request())
    await anext(following)
    monkeypatch.setattr("aiokafka.consumer.fetcher.Fetcher._proc_fetch_request", unforeseen)
    with pytest.raises(LogUnavailableError):
        async with asyncio.timeout(DEADLINE_SECONDS):
            await anext(following)
    await feed.close()


async def test_clients_of_brokers_that_are_gone_close_without_cancelling_whoever_closes_them(
    own_kafka: KafkaCluster,
) -> None:
    connection = KafkaConnection(await fresh_topics(own_kafka.bootstrap))
    log, feed = KafkaLog(connection), KafkaFeed(connection)
    sources = [KafkaDeliverySource(connection) for _ in range(4)]
    following = [feed.follow({}) for _ in range(4)]
    log.open()
    request = a_request()
    await log.publish_request(request)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*(anext(one) for one in following))
        waiting = [asyncio.ensure_future(source.receive()) for source in sources]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    own_kafka.stop_node(own_kafka.nodes[0], kill=True)
    async with asyncio.timeout(DEADLINE_SECONDS):
        for _ in range(5):  # by then their fetching is in one of its pauses
            with pytest.raises(LogUnavailableError):
                await feed.ends()
        for one in following:
            await one.aclose()
        for source in sources:
            await source.close()
        await asyncio.gather(*waiting, return_exceptions=True)
        await feed.close()
        await log.close()
