from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from rockseg_core.domain.records import JobEvent, JobRequest


class Topic(StrEnum):
    JOBS = "rockseg.jobs"
    JOB_EVENTS = "rockseg.job-events"
    DEAD_LETTER = "rockseg.dead-letter"


class LogPartition(NamedTuple):
    topic: Topic
    partition: int


class Extent(NamedTuple):
    """Offsets of a partition: the first still there, the first appended since a given time, one past the last.

    `topic_id` names the topic's present life, where the log has such names: made anew, it has another, and the offsets
    of its former life mean nothing.
    """

    beginning: int
    since: int
    end: int
    topic_id: str = ""


class FeedRecord(NamedTuple):
    """One record of the two topics as a view reads it; `record` is None where the bytes are no record of ours."""

    at: LogPartition
    offset: int
    record: JobRequest | JobEvent | None


class FeedBatch(NamedTuple):
    """What was read next, and the next offset of each partition that was read: beyond the last record where offsets
    follow that no reader is given, as those of a transaction's end or of what retention took.
    """

    records: Sequence[FeedRecord]
    positions: Mapping[LogPartition, int]


class JobFeed(Protocol):
    """Both topics, whole, without a consumer group. Every call raises LogUnavailableError."""

    async def extents(self, since: float) -> Mapping[LogPartition, Extent]:
        """Where each partition begins and ends now, and where `since` (epoch seconds, LogAppendTime) lies in it."""
        ...

    async def ends(self) -> Mapping[LogPartition, int]:
        """The read barrier's look-up: one past the last offset of each partition, for records appended before the call.

        It must not wait behind `follow`: an adapter gives it a connection of its own.
        """
        ...

    def follow(self, start: Mapping[LogPartition, int]) -> AsyncIterator[FeedBatch]:
        """Batches of records from `start` on, for ever; in order within a partition, in any order between them.

        Partitions that `start` does not name, new ones too, are read from their beginning.
        """
        ...
