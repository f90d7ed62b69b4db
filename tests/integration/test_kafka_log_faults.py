"""What a broker out of reach does to those who publish and follow; a proxy stands between."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from structlog.testing import capture_logs
from tests.contract.examples import a_request
from tests.contract.log_parts import read_up_to
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_proxied import topics_behind
from tests.real.toxiproxy import Proxy

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import FeedRecord, LogPartition, Topic

SEND_SECONDS = 2.0
BACK_SECONDS = 30.0
JOBS = LogPartition(Topic.JOBS, 0)


class Behind:
    """A log and a feed behind the proxy, and a feed that is not."""

    def __init__(self, proxied: KafkaConnection, direct: KafkaConnection) -> None:
        self.faults: list[str] = []
        self.log = KafkaLog(proxied, on_fault=self.faults.append)
        self.feed = KafkaFeed(proxied)
        self.direct = KafkaFeed(direct)

    async def close(self) -> None:
        await self.log.close()
        await self.feed.close()
        await self.direct.close()


@pytest.fixture
async def behind(kafka_proxy: Proxy, kafka_cluster: KafkaCluster) -> AsyncIterator[Behind]:
    proxied, direct = await topics_behind(kafka_proxy, kafka_cluster)
    proxied = msgspec.structs.replace(proxied, send_seconds=SEND_SECONDS)
    behind = Behind(KafkaConnection(proxied), KafkaConnection(direct))
    yield behind
    await behind.close()


async def goes_on(log: KafkaLog) -> int:
    """The offset of the first record that the log takes again."""
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            try:
                return (await log.publish_request(a_request())).offset
            except LogUnavailableError:
                pass


async def fails_in_time(log: KafkaLog) -> None:
    began = time.monotonic()
    with pytest.raises(LogUnavailableError):
        await log.publish_request(a_request())
    assert time.monotonic() - began < SEND_SECONDS + 1


async def test_brokers_that_are_not_there_yet_are_waited_for(behind: Behind, kafka_proxy: Proxy) -> None:
    kafka_proxy.cut()
    behind.log.open()
    await fails_in_time(behind.log)
    assert not behind.log.connected
    kafka_proxy.heal()
    async with asyncio.timeout(BACK_SECONDS):
        await behind.log.wait_connected()
    assert (await behind.log.publish_request(a_request())).offset == 0


async def test_each_record_that_is_not_confirmed_is_counted_and_an_outage_is_said_once(
    behind: Behind, kafka_proxy: Proxy
) -> None:
    kafka_proxy.cut()
    with capture_logs() as lines:
        behind.log.open()
        await asyncio.gather(fails_in_time(behind.log), fails_in_time(behind.log))
        assert behind.faults == ["not_connected"] * 2
        kafka_proxy.heal()
        await goes_on(behind.log)
        kafka_proxy.hang()
        with pytest.raises(LogUnavailableError) as caught:
            await behind.log.publish_request(a_request())
        kafka_proxy.heal()
        await goes_on(behind.log)
    assert caught.value.reason in behind.faults[2:]
    said = [line["event"] for line in lines if line["event"].startswith("kafka_publishing")]
    assert said == ["kafka_publishing_fails", "kafka_publishing_works"] * 2


async def test_an_error_nobody_foresaw_is_told_and_connecting_begins_anew(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    start = AIOKafkaProducer.start

    async def fail_first(producer: AIOKafkaProducer) -> None:
        started.append(producer)
        if len(started) == 1:
            raise KeyError(started)
        await start(producer)

    monkeypatch.setattr(AIOKafkaProducer, "start", fail_first)
    with capture_logs() as lines:
        behind.log.open()
        async with asyncio.timeout(BACK_SECONDS):
            await behind.log.wait_connected()
    (told,) = [line for line in lines if line["log_level"] == "critical"]
    assert told["reason"] == "KeyError"
    await goes_on(behind.log)


async def test_a_log_that_is_closed_before_it_was_ever_reached_closes_at_once(
    behind: Behind, kafka_proxy: Proxy
) -> None:
    kafka_proxy.hang()
    behind.log.open()
    began = time.monotonic()
    await behind.log.close()
    assert time.monotonic() - began < SEND_SECONDS


async def test_a_log_that_hangs_fails_each_publish_in_time_and_the_record_may_stand_in_it(
    behind: Behind, kafka_proxy: Proxy
) -> None:
    behind.log.open()
    await behind.log.publish_request(a_request())
    kafka_proxy.hang()  # requests pass, answers do not
    await fails_in_time(behind.log)
    assert (await behind.direct.ends())[JOBS] >= 2
    await asyncio.gather(*(fails_in_time(behind.log) for _ in range(5)))
    kafka_proxy.heal()
    assert await goes_on(behind.log) >= 2


@pytest.mark.parametrize("fault", ["cut", "reset"])
async def test_what_was_confirmed_before_during_and_after_a_fault_stands_in_the_log_in_order(
    behind: Behind, kafka_proxy: Proxy, fault: str
) -> None:
    behind.log.open()
    confirmed = []

    async def submit() -> None:
        request = a_request()
        try:
            position = await behind.log.publish_request(request)
        except LogUnavailableError:
            return
        confirmed.append((position.offset, request.job_id))

    await submit()
    during = [asyncio.ensure_future(submit()) for _ in range(20)]
    getattr(kafka_proxy, fault)()
    during += [asyncio.ensure_future(submit()) for _ in range(20)]
    await fails_in_time(behind.log)
    kafka_proxy.heal()
    await goes_on(behind.log)
    await asyncio.gather(*during)
    found = {r.offset: r.record for r in await read_up_to(behind.direct, await behind.direct.ends())}
    assert confirmed
    for offset, job_id in confirmed:
        record = found[offset]
        assert record is not None
        assert record.job_id == job_id


async def test_a_look_at_the_ends_of_a_log_that_hangs_fails_and_the_next_after_it_is_well_succeeds(
    behind: Behind, kafka_proxy: Proxy
) -> None:
    await behind.feed.ends()
    kafka_proxy.hang()
    for _ in range(3):  # as the barrier asks: it gives up early, and asks again
        with pytest.raises((LogUnavailableError, TimeoutError)):
            async with asyncio.timeout(0.5):
                await behind.feed.ends()
    with pytest.raises(LogUnavailableError):
        await behind.feed.ends()
    assert len(behind.feed._looking) < 10
    kafka_proxy.heal()
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            try:
                assert await behind.feed.ends() == await behind.direct.ends()
                break
            except LogUnavailableError:
                await asyncio.sleep(0.05)


async def test_looks_that_wait_for_a_log_that_hangs_do_not_pile_up(behind: Behind, kafka_proxy: Proxy) -> None:
    behind.log.open()
    await behind.log.publish_request(a_request())
    await behind.feed.ends()
    kafka_proxy.hang()
    before = len(asyncio.all_tasks())
    for _ in range(100):  # readers who give up, as the barrier's do
        with pytest.raises((LogUnavailableError, TimeoutError)):
            async with asyncio.timeout(0.01):
                await behind.feed.ends()
    assert len(asyncio.all_tasks()) - before < 40
    kafka_proxy.heal()
    await goes_on(behind.log)
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            with suppress(LogUnavailableError):
                assert sum((await behind.feed.ends()).values()) >= 2
                break
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", ["cut", "reset", "hang"])
async def test_one_who_follows_goes_on_after_a_fault_without_a_gap(
    behind: Behind, kafka_proxy: Proxy, fault: str
) -> None:
    behind.log.open()
    found: list[FeedRecord] = []

    async def follow() -> None:
        """As the view does: from where it is, as often as it takes."""
        while True:
            start = {record.at: record.offset + 1 for record in found}
            try:
                async for batch in behind.feed.follow(start):
                    found.extend(batch.records)
            except LogUnavailableError:
                await asyncio.sleep(0.1)

    following = asyncio.create_task(follow())
    await behind.log.publish_request(a_request())
    await becomes(found, 1)
    getattr(kafka_proxy, fault)()
    await fails_in_time(behind.log)
    kafka_proxy.heal()
    await goes_on(behind.log)
    end = (await behind.direct.ends())[JOBS]
    await becomes(found, end)
    assert [record.offset for record in found] == list(range(end))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def becomes(found: Sequence[FeedRecord], count: int) -> None:
    async with asyncio.timeout(BACK_SECONDS):
        while len(found) < count:  # noqa: ASYNC110 - the list has no event
            await asyncio.sleep(0.01)
