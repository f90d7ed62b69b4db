import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import structlog

from rockseg_api.view.file import damaged
from rockseg_api.view.progress import Progress
from rockseg_api.view.reading import FORGET_SECONDS
from rockseg_api.view.table import CHUNK_RECORDS, ViewTable
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.fold import JobRecord, after, queued
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.records import JobRequest
from rockseg_core.ports.feed import Extent, FeedBatch, FeedRecord, JobFeed, LogPartition

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 2.0
REPLAYED_ROWS: Final = 1000  # a transaction of a replay: 10 ms, in which most jobs are written once, not thrice
MOST_NAMED: Final = 10  # undecodable records in one line

_log = structlog.get_logger()


class Follower:
    """Keeps the table in step with both topics, for ever: neither an absent log nor a file that fails ends it."""

    def __init__(
        self, *, table: ViewTable, feed: JobFeed, clock: Clock, progress: Progress, lifetime_seconds: float
    ) -> None:
        self._table = table
        self._feed = feed
        self._clock = clock
        self._progress = progress
        self._lifetime_seconds = lifetime_seconds
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._catching_up: asyncio.Future[None] | None = None
        self._ends: Mapping[LogPartition, int] = {}  # of the log, when it began to catch up
        self._read: dict[LogPartition, int] = {}  # positions of what is folded and not yet written
        self.caught_up = asyncio.Event()
        self.whole = False
        """Whether the table holds all that the log held at some moment since the start; not while it is read anew."""
        self.connected = False
        self.applied = 0
        self.undecodable = 0
        self.rebuilds = 0
        self.catch_up_seconds = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self._table.open()
                await self._follow(await self._where_to_start())
            except LogUnavailableError:
                self.connected = False
                _log.warning("view_log_unavailable", retry_seconds=self._pause_seconds)
            except sqlite3.DatabaseError as error:
                if not self.recover(error):
                    _log.error("view_file_away", reason=str(error), retry_seconds=self._pause_seconds)
            await asyncio.sleep(self._pause_seconds * random.uniform(0.5, 1.0))
            self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)

    def recover(self, error: sqlite3.DatabaseError) -> bool:
        """After a call of the table has failed: true where it begins anew, for its file is damaged.

        Else the file stays as it is, and `run` goes on with it when it can be had again.
        """
        if not damaged(error):
            return False
        _log.error("view_file_damaged", reason=str(error))
        self._rebuild()
        return True

    def _rebuild(self) -> None:
        """Begin with an empty table and at no offset; until it has caught up, nothing is known and nothing denied."""
        self.rebuilds += 1
        self.whole, self._catching_up = False, None
        self._progress.reset({})
        try:
            self._table.discard()
        except sqlite3.DatabaseError as error:  # the table is closed; `run` opens it as soon as that can be done
            _log.error("view_file_away", reason=str(error), retry_seconds=self._pause_seconds)

    async def _follow(self, start: Mapping[LogPartition, int]) -> None:
        batches = self._feed.follow(start)
        try:
            async for batch in batches:
                await self._apply(batch)
                self._pause_seconds = FIRST_PAUSE_SECONDS
        finally:
            if isinstance(batches, AsyncGenerator):  # its connection goes now, not when it is collected
                await batches.aclose()

    async def _where_to_start(self) -> Mapping[LogPartition, int]:
        self._read = {}
        self._table.forget_unwritten()  # it is read again, from the positions that are written
        extents = await self._feed.extents(self._clock.now() - self._lifetime_seconds - FORGET_SECONDS)
        known = self._table.positions()
        topic_ids = {at.topic: extent.topic_id for at, extent in extents.items()}
        if known and not (_continues(known, extents) and self._table.topic_ids() == topic_ids):
            _log.warning("view_rebuilt", reason="its offsets are not in the log")
            self._rebuild()
            known = {}
        if known:
            start = {at: known.get(at, extent.beginning) for at, extent in extents.items()}
        else:
            start = {at: extent.since for at, extent in extents.items()}
        self.connected = True
        self._table.note_topic_ids(topic_ids)
        self._table.apply((), start)
        self._progress.reset(start)
        self._catch_up_to({at: extent.end for at, extent in extents.items()})
        return start

    def _catch_up_to(self, ends: Mapping[LogPartition, int]) -> None:
        began, self._ends = time.monotonic(), ends

        def note(reached: asyncio.Future[None]) -> None:
            if reached is self._catching_up:  # and not one of before the table was made anew
                self.catch_up_seconds = time.monotonic() - began
                self.whole = True
                self.caught_up.set()

        reached = self._catching_up = asyncio.get_running_loop().create_future()
        reached.add_done_callback(note)
        self._progress.tell(ends, [reached])

    async def _apply(self, batch: FeedBatch) -> None:
        for first in range(0, len(batch.records), CHUNK_RECORDS):
            chunk = batch.records[first : first + CHUNK_RECORDS]
            rows = [_row(record) for record in chunk]
            self._table.fold(row for row in rows if row is not None)
            self._read |= _positions(chunk)
            self.applied += len(chunk)
            if None in rows:
                self.undecodable += rows.count(None)
                none = [record for record, row in zip(chunk, rows, strict=True) if row is None]
                at = [f"{record.at.topic}/{record.at.partition}/{record.offset}" for record in none[:MOST_NAMED]]
                _log.warning("view_record_undecodable", count=len(none), at=at)
            if self._to_be_written():
                self._write()
            await asyncio.sleep(0)  # requests are served between two chunks of a long replay
        self._read |= batch.positions  # offsets without a record, such as a transaction's end
        if self._to_be_written() and not self._progress.covers(self._read):
            self._write()

    def _to_be_written(self) -> bool:
        """At once where somebody may ask; less often in a replay, until what it must reach is read."""
        replays = not self.whole and self._table.unwritten < REPLAYED_ROWS
        return not (replays and not self._progress.covers(self._ends, self._read))

    def _write(self) -> None:
        self._table.write(self._read)
        self._progress.advance(self._read)
        self._read = {}


def _continues(known: Mapping[LogPartition, int], extents: Mapping[LogPartition, Extent]) -> bool:
    """Whether every offset is still in the log: not taken by retention, and not of a topic that was made anew."""
    return all(at in extents and extents[at].beginning <= offset <= extents[at].end for at, offset in known.items())


def _positions(records: Sequence[FeedRecord]) -> dict[LogPartition, int]:
    """What comes after the last record of each partition; those of one partition follow each other."""
    lasts = [one for one, other in pairwise((*records, None)) if one and (other is None or other.at is not one.at)]
    return {record.at: record.offset + 1 for record in lasts}


def _row(record: FeedRecord) -> JobRecord | None:
    """What one record alone amounts to; None where the bytes are no record of ours."""
    match record.record:
        case None:
            return None
        case JobRequest() as request:
            return queued(request, RequestPosition(record.at.partition, record.offset))
        case event:
            return after(event)
