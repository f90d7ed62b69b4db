"""Where a view begins: at its file's offsets where they can be trusted, else anew, from the log."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site, new_site, until

from rockseg_api.errors import JobUnknownError, ViewNotReadyError
from rockseg_api.view import file
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.feed import LogPartition, Topic
from rockseg_core.testing.memory_log import MemoryLog

JOBS = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "view.sqlite3"


async def filled(site: Site, path: Path) -> list:  # type: ignore[type-arg] - job ids
    """A view file that knows some jobs."""
    async with site.view(path=path) as view:
        requests = [await site.submit() for _ in range(JOBS)]
        for request, position in requests:
            await site.say(request, position, JobStatus.STARTED)
        assert await view.barrier()
    return [request.job_id for request, _ in requests]


async def test_a_view_goes_on_where_its_file_ends(site: Site, path: Path) -> None:
    job_ids = await filled(site, path)
    missed, _ = await site.submit()
    feed = site.feed()
    async with site.view(feed, path) as view:
        for job_id in job_ids:
            assert (await view.get(TENANT, job_id)).job.status is JobStatus.STARTED
        assert (await view.get(TENANT, missed.job_id)).job.status is JobStatus.QUEUED
        assert view.applied_records == 1
        assert view.rebuilds == 0


async def test_a_view_says_what_it_takes_of_its_disk(site: Site, path: Path) -> None:
    async with site.view(path=path) as view:
        await site.submit()
        assert await view.barrier()
        assert view.file_bytes == sum(found.stat().st_size for found in path.parent.iterdir()) > 0
    async with site.view() as view:
        assert view.file_bytes == 0  # in memory


async def test_rows_and_offsets_are_of_one_moment_whenever_the_process_dies(site: Site, path: Path) -> None:
    await filled(site, path)
    copy = path.with_name("killed.sqlite3")
    async with site.view(path=path) as view:
        for _ in range(5):
            await site.submit()
            assert await view.barrier()
            for suffix in ("", "-wal"):  # what a kill at this moment would leave
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
            with sqlite3.connect(copy) as db:
                (rows,) = db.execute("SELECT count(*) FROM job").fetchone()
                (read,) = db.execute("SELECT sum(next_offset) FROM position WHERE topic = 'rockseg.jobs'").fetchone()
            assert rows == read


async def test_a_new_view_begins_a_lifetime_and_an_hour_back(site: Site) -> None:
    forgotten, _ = await site.submit()
    site.clock.advance(LIFETIME_SECONDS + 3601)
    remembered, _ = await site.submit()
    async with site.view() as view:
        assert (await view.get(TENANT, remembered.job_id)).job.status is JobStatus.QUEUED
        with pytest.raises(JobUnknownError):
            await view.get(TENANT, forgotten.job_id)
        assert view.applied_records == 1


async def test_offsets_that_retention_took_cause_a_rebuild(site: Site, path: Path) -> None:
    await filled(site, path)
    site.clock.advance(3 * LIFETIME_SECONDS)
    for _ in range(JOBS):
        await site.submit()
    site.log.expire(site.clock.now() + 1)  # everything that was appended is gone, this too
    request, _ = await site.submit()
    async with site.view(path=path) as view:
        assert view.rebuilds == 1
        assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        assert not view.due(JOBS)  # and so are the old rows


async def test_offsets_beyond_the_end_of_a_topic_made_anew_cause_a_rebuild(site: Site, path: Path) -> None:
    job_ids = await filled(site, path)
    site.log = MemoryLog(site.clock, partitions=2)
    request, _ = await site.submit()
    async with site.view(path=path) as view:
        assert view.rebuilds == 1
        assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
        with pytest.raises(JobUnknownError):
            await view.get(TENANT, job_ids[0])


async def test_partitions_that_are_no_more_cause_a_rebuild(site: Site, path: Path) -> None:
    await filled(site, path)
    site.log = MemoryLog(site.clock, partitions=1)
    async with site.view(path=path) as view:
        assert view.rebuilds == 1


async def test_a_partition_added_while_the_view_was_away_is_read_from_its_beginning(path: Path) -> None:
    site = new_site(partitions=1)
    job_ids = await filled(site, path)
    small = site.log
    site.log = MemoryLog(site.clock, partitions=8)
    for topic in (Topic.JOBS, Topic.JOB_EVENTS):
        site.log._topics[topic].lanes[0] = small._topics[topic].lanes[0]
    requests = [(await site.submit())[0] for _ in range(20)]
    async with site.view(path=path) as view:
        assert view.rebuilds == 0
        for job_id in (*job_ids, *(request.job_id for request in requests)):
            assert not (await view.get(TENANT, job_id)).stale


def zero_the_whole(path: Path) -> None:
    path.write_bytes(bytes(20_000))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_the_pages(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100] + b"this is no database, " * 1000)


def spoil_the_rows(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[4096:] = bytes(len(body) - 4096)
    path.write_bytes(body)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def age_the_schema(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")


def start_the_machine_anew(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE boot SET id = 'another'")


@pytest.mark.parametrize(
    "harm", [zero_the_whole, empty, spoil_the_pages, spoil_the_rows, cut, age_the_schema, start_the_machine_anew]
)
async def test_a_file_that_cannot_be_trusted_is_rebuilt(site: Site, path: Path, harm) -> None:  # noqa: ANN001
    job_ids = await filled(site, path)
    harm(path)
    async with site.view(path=path) as view:
        for job_id in job_ids:
            assert (await view.get(TENANT, job_id)).job.status is JobStatus.STARTED
        assert view.applied_records >= 2 * JOBS


async def test_a_file_that_goes_bad_in_use_is_rebuilt_in_use_and_denies_nothing_meanwhile(
    site: Site, path: Path
) -> None:
    job_ids = await filled(site, path)
    async with site.view(path=path) as view:
        with sqlite3.connect(path) as db:
            db.execute("UPDATE job SET record = x'c1'")
        with pytest.raises(ViewNotReadyError):
            await view.get(TENANT, job_ids[0])
        for job_id in job_ids:
            assert (await view.get(TENANT, job_id)).job.status is JobStatus.STARTED
        assert view.rebuilds == 1
        assert view.ready


async def test_a_file_that_goes_bad_under_the_follower_is_rebuilt(site: Site, path: Path) -> None:
    job_ids = await filled(site, path)
    async with site.view(path=path) as view:
        with sqlite3.connect(path) as db:
            db.execute("DROP TABLE position")
        request, _ = await site.submit()
        await until(lambda: view.rebuilds == 1)
        for job_id in (*job_ids, request.job_id):
            assert not (await view.get(TENANT, job_id)).stale


async def test_a_read_after_the_stop_leaves_the_file_alone(site: Site, path: Path) -> None:
    job_ids = await filled(site, path)
    async with site.view(path=path) as view:
        await view.stop()
        with pytest.raises(ViewNotReadyError):
            await view.get(TENANT, job_ids[0])
    async with site.view(path=path) as view:
        assert view.applied_records == 0


async def test_a_view_starts_without_the_log_and_is_ready_once_it_has_caught_up(site: Site) -> None:
    request, _ = await site.submit()
    feed = site.feed(away=True)
    view = JobView(":memory:", feed, site.clock, LIFETIME_SECONDS, barrier_seconds=0.1)
    await view.start()
    try:
        with pytest.raises(ViewNotReadyError):
            await view.get(TENANT, request.job_id)
        assert not view.ready
        feed.away = False
        await until(lambda: view.ready)
        assert (await view.get(TENANT, request.job_id)).job.status is JobStatus.QUEUED
    finally:
        await view.stop()


async def test_a_view_is_not_ready_before_it_has_applied_the_ends_seen_at_its_start(site: Site) -> None:
    request, _ = await site.submit()
    feed = site.feed()
    feed.hold.clear()
    view = JobView(":memory:", feed, site.clock, LIFETIME_SECONDS, barrier_seconds=0.1)
    await view.start()
    try:
        await until(lambda: feed.held)
        assert not view.ready
        with pytest.raises(ViewNotReadyError):
            await view.get(TENANT, request.job_id)
        feed.hold.set()
        await view.caught_up()
        assert view.ready
    finally:
        await view.stop()


async def test_the_follower_survives_an_outage_and_reads_what_it_missed(site: Site) -> None:
    feed = site.feed()
    async with site.view(feed, barrier_seconds=0.1) as view:
        feed.away = True
        missed, _ = await site.submit()
        await until(lambda: not view.log_reachable)
        feed.away = False
        await until(lambda: view.log_reachable)
        assert (await view.get(TENANT, missed.job_id)).job.status is JobStatus.QUEUED
        assert set(feed.starts[-1]) >= {LogPartition(Topic.JOBS, 0)}
        assert view.rebuilds == 0


def a_text(path: Path) -> None:
    path.write_text("prod:5e884898da28047151d0e56f8dc6292773603d0d6aabbd62a11ef721d1542d8\n" * 3)


def a_database_of_others(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE precious (stone)")


@pytest.mark.parametrize("make", [a_text, a_database_of_others, Path.mkdir, os.mkfifo])
def test_what_is_no_view_is_left_as_it_is_and_is_a_matter_of_settings(
    tmp_path: Path, site: Site, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "view.sqlite3"
    make(path)
    before = path.read_bytes() if path.is_file() else path.stat().st_mode
    with pytest.raises(SettingsError, match=r"view\.sqlite3"):
        JobView(path, site.log, site.clock, LIFETIME_SECONDS)
    assert before == (path.read_bytes() if path.is_file() else path.stat().st_mode)
    assert [one.name for one in tmp_path.iterdir()] == ["view.sqlite3"]


def test_a_path_where_no_file_can_be_is_a_matter_of_settings(tmp_path: Path, site: Site) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"view\.sqlite3"):
        JobView(tmp_path / "file" / "view.sqlite3", site.log, site.clock, LIFETIME_SECONDS)


async def test_a_machine_without_a_name_for_its_run_trusts_no_file(
    site: Site, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_BOOT_ID", path / "missing")
    job_ids = await filled(site, path)
    async with site.view(path=path) as view:
        assert view.applied_records == 2 * JOBS
        assert (await view.get(TENANT, job_ids[0])).job.status is JobStatus.STARTED
