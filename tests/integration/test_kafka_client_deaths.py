"""aiokafka's background tasks end for good on an error that they do not foresee. Then a new client is made."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.contract.examples import a_request
from tests.contract.log_parts import DEADLINE_SECONDS
from tests.real.kafka_topics import fresh_topics

from rockseg_core.adapters.kafka import KafkaConnection, KafkaFeed, KafkaLog
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
