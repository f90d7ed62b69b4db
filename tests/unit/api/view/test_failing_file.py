"""A view whose file fails: only a damaged one is thrown away; a full disk or a lock is waited out."""

import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site, until

from rockseg_api.errors import ViewNotReadyError
from rockseg_api.view import table
from rockseg_api.view.job_view import JobView
from rockseg_api.view.table import ViewTable
from rockseg_core.domain.fold import queued
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.feed import LogPartition, Topic

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "view.sqlite3"


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as captured:
        yield captured


def times_away(lines: Lines) -> int:
    return sum(line["event"] == "view_file_away" for line in lines)


async def test_a_full_disk_costs_no_row_and_the_view_goes_on_once_there_is_room(
    site: Site, path: Path, lines: Lines
) -> None:
    async with site.view(path=path, barrier_seconds=0.2) as view:
        first, _ = await site.submit()
        assert not (await view.get(TENANT, first.job_id)).stale
        db = view._table._file.db
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite raises SQLITE_FULL, as where a disk has no room
        requests = [(await site.submit())[0] for _ in range(300)]
        await until(lambda: times_away(lines) > 1)

        assert (await view.get(TENANT, first.job_id)).stale
        with pytest.raises(ViewNotReadyError):
            await view.get(TENANT, requests[-1].job_id)
        assert view.following

        db.execute("PRAGMA max_page_count = 1000000")
        await until(lambda: view.lag_records == 0)
        for request in (first, *requests):
            assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        assert view.rebuilds == 0
        assert view._table._file.db is db


async def test_a_lock_that_somebody_holds_is_waited_out(site: Site, path: Path, lines: Lines) -> None:
    async with site.view(path=path) as view:
        with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            request, _ = await site.submit()
            await until(lambda: times_away(lines) > 1)
            with pytest.raises(ViewNotReadyError):
                view.settle([request.job_id])
            somebody.execute("ROLLBACK")

        assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        assert view.rebuilds == 0


async def test_a_file_that_is_locked_at_the_start_is_opened_when_it_is_free(
    site: Site, path: Path, lines: Lines
) -> None:
    async with site.view(path=path) as view:
        request, _ = await site.submit()
        await view.barrier()
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        somebody.execute("PRAGMA locking_mode = EXCLUSIVE")
        somebody.execute("BEGIN EXCLUSIVE")
        view = JobView(path, site.log, site.clock, LIFETIME_SECONDS, barrier_seconds=0.1)
        await view.start()
        await until(lambda: times_away(lines) > 1)
        assert not view.ready
        with pytest.raises(ViewNotReadyError):
            await view.get(TENANT, request.job_id)
    try:
        await until(lambda: view.ready)
        assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        assert view.applied_records == 0  # the file that was there
        assert view.rebuilds == 0
    finally:
        await view.stop()


@pytest.mark.parametrize("noticed_by", ["a reader", "the follower"])
async def test_a_damaged_file_that_cannot_be_made_anew_yet_is_made_anew_later(
    site: Site, path: Path, lines: Lines, noticed_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "RECENT_JOBS", 0)  # a reader of a job that is long ago reads the file
    async with site.view(path=path, barrier_seconds=0.2) as view:
        first, _ = await site.submit()
        await view.barrier()
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("UPDATE job SET record = x'c1'" if noticed_by == "a reader" else "DROP TABLE position")
        path.parent.rename(path.parent.with_name("elsewhere"))
        path.parent.write_bytes(b"where a folder ought to be")
        if noticed_by == "a reader":
            with pytest.raises(ViewNotReadyError):
                await view.get(TENANT, first.job_id)
        second, _ = await site.submit()
        await until(lambda: times_away(lines) > 1)
        for request in (first, second):
            with pytest.raises(ViewNotReadyError):
                await view.get(TENANT, request.job_id)
        assert view.following

        path.parent.unlink()
        await until(lambda: view.lag_records == 0)
        for request in (first, second):
            assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        assert view.rebuilds == 1


async def test_positions_of_a_topic_of_another_release_are_a_file_to_be_made_anew(site: Site, path: Path) -> None:
    async with site.view(path=path):
        request, _ = await site.submit()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO position VALUES ('rockseg.of-tomorrow', 0, 7)")
    async with site.view(path=path) as view:
        assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        assert view.rebuilds == 1


async def test_rows_that_cannot_be_noted_together_with_their_offsets_are_not_noted(site: Site, path: Path) -> None:
    request, position = await site.submit()
    table = ViewTable(path)
    table._file.db.execute(
        "CREATE TRIGGER no_offsets BEFORE INSERT ON position BEGIN SELECT RAISE(ABORT, 'no offsets'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="no offsets"):
        table.apply([queued(request, position)], {LogPartition(Topic.JOBS, position.partition): position.offset + 1})

    assert table.read(request.job_id) is None
    assert not table.positions()
    table.close()
