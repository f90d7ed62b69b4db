"""What the embedded log's writer is asked to do."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rockseg_core.ports.feed import LogPartition


class Row(NamedTuple):
    """A record as the log keeps it; its offset is its place in the partition."""

    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Append:
    """One record more. `note` is JSON beside it, as headers are beside a Kafka record."""

    at: LogPartition
    key: bytes | None
    value: bytes | None
    note: str | None = None


@dataclass(frozen=True)
class Commit:
    """What the worker has done: per partition of the jobs the offset, and the metadata beyond it."""

    states: Mapping[int, tuple[int, str]]


Operation: TypeAlias = Append | Commit


class Submission(NamedTuple):
    """An operation, and whom to tell: the offset of an Append, None of a Commit."""

    operation: Operation
    outcome: asyncio.Future[int | None]
