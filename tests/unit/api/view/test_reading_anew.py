"""While a view is read anew it knows the beginnings of jobs and not their ends: it says nothing of them."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site, Tampered, until
from typing_extensions import override

from rockseg_api.errors import JobGoneError, ViewNotReadyError
from rockseg_api.usecases.admission import Admission
from rockseg_api.view import follower
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.feed import FeedBatch, FeedRecord, LogPartition, Topic


class RequestsFirst(Tampered):
    """What became of the jobs comes only once `hold` is set."""

    @override
    async def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        async for batch in self.inner.follow(start):
            yield part(batch, Topic.JOBS)
            self.held = True
            await self.hold.wait()
            yield part(batch, Topic.JOB_EVENTS)


def part(batch: FeedBatch, topic: Topic) -> FeedBatch:
    records: list[FeedRecord] = [record for record in batch.records if record.at.topic is topic]
    return FeedBatch(records, {at: offset for at, offset in batch.positions.items() if at.topic is topic})


async def test_a_view_that_is_read_anew_says_nothing_of_jobs_whose_ends_it_does_not_know_yet(
    site: Site, tmp_path: Path
) -> None:
    finished, position = await site.submit()
    await site.say(finished, position, JobStatus.STARTED, JobStatus.FINISHED)
    erased, position = await site.submit()
    await site.say(erased, position, JobStatus.ERASED)
    feed, path = RequestsFirst(site.log), tmp_path / "view.sqlite3"
    async with site.view(feed, path, barrier_seconds=0.1) as view:
        assert (await view.get(TENANT, finished.job_id)).job.status is JobStatus.FINISHED
        feed.hold.clear()
        feed.held = False
        with sqlite3.connect(path) as db:
            db.execute("DROP TABLE position")
        await site.submit()
        await until(lambda: view.rebuilds == 1 and feed.held)

        for request in (finished, erased):
            with pytest.raises(ViewNotReadyError):
                await view.get(TENANT, request.job_id)
        with pytest.raises(ViewNotReadyError):
            view.backlog()
        Admission(view, most_unfinished=1, longest_queue_seconds=1.0)(TENANT)

        feed.hold.set()
        await until(lambda: view.whole)
        assert (await view.get(TENANT, finished.job_id)).job.status is JobStatus.FINISHED
        with pytest.raises(JobGoneError):
            await view.get(TENANT, erased.job_id)
        assert view.backlog().queued == 1


class OneByOne(Tampered):
    """Gives out a record at a time, and stops before the one of number `stop`, once."""

    stop = 10**9
    given = 0

    @override
    async def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        self.starts.append(dict(start))
        async for batch in self.inner.follow(start):
            for record in batch.records:
                if self.given == self.stop:
                    self.stop = 10**9
                    await self.hold.wait()
                    raise LogUnavailableError
                self.given += 1
                yield FeedBatch([record], {record.at: record.offset + 1})
            yield FeedBatch([], batch.positions)


def told_of(path: Path) -> tuple[dict[str, int], int]:
    """Statuses and how many jobs have them, and how many records the positions say were read; of a copy of the file."""
    copy = path.with_name("copy.sqlite3")
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    with closing(sqlite3.connect(copy)) as db:
        statuses = dict(db.execute("SELECT status, count(*) FROM job GROUP BY status").fetchall())
        (read,) = db.execute("SELECT coalesce(sum(next_offset), 0) FROM position").fetchone()
    return statuses, read


async def test_a_replay_writes_a_job_once_and_is_whole_only_when_all_is_written(site: Site, tmp_path: Path) -> None:
    for _ in range(50):
        request, position = await site.submit()
        await site.say(request, position, JobStatus.STARTED, JobStatus.FINISHED)
    path = tmp_path / "view.sqlite3"
    async with site.view(OneByOne(site.log), path) as view:
        assert view.applied_records == 150
        assert told_of(path) == ({"finished": 50}, 150)
        written = view._table._file.db.execute("SELECT total_changes()").fetchone()[0]
        assert written < 2 * 50  # 150 if each step were


async def test_a_replay_cut_short_leaves_rows_and_offsets_of_one_moment_and_goes_on_from_there(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "REPLAYED_ROWS", 4)
    for _ in range(50):
        await site.submit()
    feed, path = OneByOne(site.log), tmp_path / "view.sqlite3"
    feed.stop = 30
    feed.hold.clear()
    view = JobView(path, feed, site.clock, LIFETIME_SECONDS)
    await view.start()
    await until(lambda: view.applied_records == 30)
    statuses, read = told_of(path)
    assert statuses == {"queued": read}
    assert 0 < read < 30

    feed.hold.set()
    await until(lambda: view.whole)
    assert sum(feed.starts[1].values()) == read
    assert told_of(path) == ({"queued": 50}, 50)
    await view.stop()
