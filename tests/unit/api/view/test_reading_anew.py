"""While a view is read anew it knows the beginnings of jobs and not their ends: it says nothing of them."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from tests.unit.api.view.replicas import TENANT, Site, Tampered, until
from typing_extensions import override

from rockseg_api.errors import JobGoneError, ViewNotReadyError
from rockseg_api.usecases.admission import Admission
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
