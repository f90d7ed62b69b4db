import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.contract.examples import a_request
from tests.contract.log_parts import DEADLINE_SECONDS, read_up_to, soon, take

from rockseg_core.adapters.local import LocalData, schema
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import Extent, LogPartition, Topic
from rockseg_core.testing import FakeClock

JOBS = LogPartition(Topic.JOBS, 0)
RETENTION_SECONDS = 1000.0

Opener = Callable[..., LocalData]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def opened(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Opener]:
    """Opens the test's folder; the latest is closed at the end."""
    latest: list[LocalData] = []

    def open_(partitions: int = 1) -> LocalData:
        data = LocalData.open(tmp_path, clock=clock, partitions=partitions, retention_seconds=RETENTION_SECONDS)
        latest[:] = [data]
        return data

    yield open_
    await latest[0].close()


async def publish(data: LocalData, count: int) -> None:
    await asyncio.gather(*(data.log.publish_request(a_request()) for _ in range(count)))


async def fill(data: LocalData) -> None:
    for _ in range(1000):
        await data.log.publish_request(a_request())


async def extent_becomes(data: LocalData, wanted: Extent) -> None:
    """The writer sweeps on its own thread, right after the opening."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await data.feed.extents(float("inf")))[JOBS] != wanted:  # noqa: ASYNC110 - no event tells of a sweep
            await asyncio.sleep(0)


async def test_every_commit_is_synced(opened: Opener) -> None:
    connection = opened()._records._writer._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: an fsync a commit


async def test_those_who_publish_at_once_share_a_commit(opened: Opener) -> None:
    data = opened()
    statements: list[str] = []
    data._records._writer._connection.set_trace_callback(statements.append)
    await publish(data, 200)
    assert statements.count("COMMIT") <= 20
    assert (await data.feed.ends())[JOBS] == 200


async def test_a_full_disk_is_a_log_that_is_away_until_there_is_room(opened: Opener) -> None:
    data = opened()
    connection = data._records._writer._connection
    await publish(data, 1)
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(LogUnavailableError):
        await fill(data)
    landed = (await data.feed.ends())[JOBS]
    connection.execute("PRAGMA max_page_count = 1000000")
    assert (await data.log.publish_request(a_request())).offset == landed
    assert len(await read_up_to(data.feed, await data.feed.ends())) == landed + 1


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """Somebody's shell on the log's file; the log waits for it 10 ms only."""
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.01)
    return sqlite3.connect(tmp_path / "log.sqlite3", isolation_level=None)


async def test_a_locked_file_is_a_log_that_is_away_until_it_is_free(locked: sqlite3.Connection, opened: Opener) -> None:
    data = opened()
    locked.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(*(data.log.publish_request(a_request()) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [LogUnavailableError] * 5
    locked.execute("ROLLBACK")
    assert (await data.log.publish_request(a_request())).offset == 0


async def test_no_delivery_starts_and_no_acknowledgement_is_lost_while_the_log_is_away(
    locked: sqlite3.Connection, opened: Opener
) -> None:
    data = opened()
    await publish(data, 3)
    source = data.deliveries()
    first, second = await take(source, 2)
    locked.execute("BEGIN IMMEDIATE")
    receiving = asyncio.ensure_future(source.receive())
    await soon(source.acknowledge(second))  # returns, though it could not be written yet
    with pytest.raises(LogUnavailableError):
        await data.log.publish_request(a_request())
    assert not receiving.done()
    locked.execute("ROLLBACK")
    third = await soon(receiving)
    assert third is not None
    assert (third.position.offset, third.attempt) == (2, 1)
    await source.close()
    source = data.deliveries()
    assert [delivery.position.offset for delivery in await take(source, 2)] == [first.position.offset, 2]
    await source.close()


async def test_a_stop_while_the_log_is_away_is_not_held_up(locked: sqlite3.Connection, opened: Opener) -> None:
    data = opened()
    await publish(data, 2)
    source = data.deliveries()
    (running,) = await take(source, 1)
    locked.execute("BEGIN IMMEDIATE")
    receiving = asyncio.ensure_future(source.receive())
    await soon(source.acknowledge(running))
    source.stop()
    assert await soon(receiving) is None
    await soon(source.close())
    locked.execute("ROLLBACK")
    source = data.deliveries()
    assert [(d.position.offset, d.attempt) for d in await take(source, 1)] == [(0, 2)]
    await source.close()


async def test_what_was_acknowledged_while_the_log_was_away_is_committed_once_it_is_back(
    locked: sqlite3.Connection, opened: Opener
) -> None:
    data = opened()
    await publish(data, 1)
    source = data.deliveries()
    (running,) = await take(source, 1)
    locked.execute("BEGIN IMMEDIATE")
    await soon(source.acknowledge(running))
    assert data._records.committed()[0][0] == 0
    locked.execute("ROLLBACK")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while data._records.committed()[0][0] == 0:  # noqa: ASYNC110 - no event tells of the committer's next try
            await asyncio.sleep(0)
    await source.close()


async def test_one_who_is_cancelled_in_the_moment_of_being_served_leaves_the_delivery_to_the_next(
    opened: Opener,
) -> None:
    data = opened()
    source = data.deliveries()
    receiving = asyncio.ensure_future(source.receive())
    await publish(data, 1)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while source._receivers:  # noqa: ASYNC110 - the moment itself is what is looked for
            await asyncio.sleep(0)
    assert not receiving.done()
    receiving.cancel()
    (delivery,) = await take(source, 1)
    assert receiving.cancelled()
    assert (delivery.position.offset, delivery.attempt) == (0, 1)
    await source.close()


async def test_metadata_of_an_unknown_version_means_attempt_one_for_all(opened: Opener) -> None:
    data = opened()
    await publish(data, 2)
    await data._records.commit({0: (1, '{"v":99,"whatever":true}')})
    source = data.deliveries()
    (delivery,) = await take(source, 1)
    assert (delivery.position.offset, delivery.attempt) == (1, 1)
    await source.close()


async def test_retention_drops_what_is_old_in_steps_and_offsets_go_on(opened: Opener, clock: FakeClock) -> None:
    data = opened()
    await publish(data, 2500)
    clock.advance(RETENTION_SECONDS / 2)
    await publish(data, 3)
    clock.advance(RETENTION_SECONDS / 2 + 1)
    await data.close()
    data = opened()
    await extent_becomes(data, Extent(2500, 2503, 2503))
    assert [r.offset for r in await read_up_to(data.feed, await data.feed.ends())] == [2500, 2501, 2502]
    clock.advance(RETENTION_SECONDS)
    for _ in range(2):
        await data.close()
        data = opened()
        await extent_becomes(data, Extent(2503, 2503, 2503))
    assert (await data.log.publish_request(a_request())).offset == 2503
    assert (await data.feed.extents(0))[JOBS] == Extent(2503, 2503, 2504)


async def test_what_retention_took_holds_no_worker_up(opened: Opener, clock: FakeClock) -> None:
    data = opened()
    await publish(data, 4)
    source = data.deliveries()
    running = await take(source, 3)
    await source.acknowledge(running[1])
    clock.advance(RETENTION_SECONDS + 1)
    await data.close()
    data = opened()
    await extent_becomes(data, Extent(4, 4, 4))
    source = data.deliveries()
    receiving = asyncio.ensure_future(source.receive())
    await publish(data, 1)
    delivery = await soon(receiving)
    assert delivery is not None
    assert (delivery.position.offset, delivery.attempt) == (4, 1)
    await source.close()


async def test_one_who_follows_from_what_is_gone_goes_on_with_what_is_there(opened: Opener, clock: FakeClock) -> None:
    data = opened()
    await publish(data, 2)
    clock.advance(RETENTION_SECONDS + 1)
    await data.close()
    data = opened()
    await extent_becomes(data, Extent(2, 2, 2))
    following = data.feed.follow({})
    assert await soon(anext(following)) == ([], {JOBS: 2})
    waiting = asyncio.ensure_future(anext(following))
    await publish(data, 1)
    assert [record.offset for record in (await soon(waiting)).records] == [2]


async def test_partitions_may_grow_and_never_shrink(opened: Opener) -> None:
    data = opened(partitions=1)
    await publish(data, 2)
    for wanted in (3, 2):
        await data.close()
        data = opened(partitions=wanted)
        assert len(await data.feed.ends()) == 6
    assert (await data.feed.ends())[JOBS] == 2
