import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from typing_extensions import override

from rockseg_core.adapters.local.log import EmbeddedLog
from rockseg_core.codec.records import decode_or_none
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import Extent, FeedBatch, FeedRecord, JobFeed, LogPartition, Topic

KINDS: Final[Mapping[Topic, type[JobRequest] | type[JobEvent]]] = {
    Topic.JOBS: JobRequest,
    Topic.JOB_EVENTS: JobEvent,
}
MOST_IN_A_BATCH: Final = 500


class LocalFeed(JobFeed):
    """Both topics of the embedded log."""

    def __init__(self, log: EmbeddedLog) -> None:
        self._log = log

    @override
    async def extents(self, since: float) -> Mapping[LogPartition, Extent]:
        return {at: extent for at, extent in (await self._log.extents(since)).items() if at.topic in KINDS}

    @override
    async def ends(self) -> Mapping[LogPartition, int]:
        self._log.check_open()
        return {at: end for at, end in self._log.ends.items() if at.topic in KINDS}

    @override
    async def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        positions = {at: start.get(at, 0) for at in await self.ends()}
        grown = asyncio.Event()
        with self._log.heard(grown.set):
            while True:
                grown.clear()
                for at, end in (await self.ends()).items():
                    if positions[at] < end:
                        batch = await self._read(at, positions[at])
                        # Nothing there below the end: retention has taken all of it.
                        positions[at] = batch[-1].offset + 1 if batch else end
                        grown.set()  # there may be more
                        yield FeedBatch(batch, {at: positions[at]})
                await grown.wait()

    async def _read(self, at: LogPartition, position: int) -> list[FeedRecord]:
        rows = await self._log.read(at, position, MOST_IN_A_BATCH)
        return [FeedRecord(at, row.offset, decode_or_none(row.value, KINDS[at.topic])) for row in rows]
