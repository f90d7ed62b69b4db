import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from rockseg_core.adapters.local.operations import Append, Commit, Operation, Row, Submission
from rockseg_core.adapters.local.positions import beginning_of, first_since, load_positions, prepare_partitions
from rockseg_core.adapters.local.retention import Retention
from rockseg_core.adapters.local.schema import open_for_reading, open_for_writing
from rockseg_core.adapters.local.tail import Tail
from rockseg_core.adapters.local.writer import LogWriter, Written
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import Extent, LogPartition

P = ParamSpec("P")
T = TypeVar("T")


class EmbeddedLog:
    """Topics in one SQLite file. All but the writer's work happens on the event loop; SQLite reads in one thread.

    Every call raises LogUnavailableError where the file does not do it.
    """

    def __init__(self, path: Path, clock: Clock, partitions: int, retention_seconds: float) -> None:
        with _translated():
            connection = open_for_writing(path)
            prepare_partitions(connection, partitions)
            positions = load_positions(connection)
            self._reader = open_for_reading(path)
        self.ends: dict[LogPartition, int] = dict(positions.next_offset)
        """One past the last durable record of each partition; what was published before a look is in it."""
        self._tail = Tail()
        self._listeners: dict[object, Callable[[], None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rockseg-log-reader")
        self._writer = LogWriter(connection, positions, clock, Retention(retention_seconds), self._written)

    async def append(self, record: Append) -> int:
        """Durable when it returns; its offset."""
        if record.at not in self.ends:
            raise LogUnavailableError("the log has no such partition")
        offset = await self._submit(record)
        if offset is None:
            raise LogUnavailableError
        return offset

    async def commit(self, states: Mapping[int, tuple[int, str]]) -> None:
        """Per partition of the jobs (offset, metadata); durable when it returns."""
        await self._submit(Commit(states))

    def committed(self) -> dict[int, tuple[int, str]]:
        """What was committed last. Blocks for a moment: it is asked once, when a worker begins."""
        with _translated():
            rows = self._reader.execute("SELECT * FROM commits").fetchall()
        return {partition: (offset, metadata) for partition, offset, metadata in rows}

    async def read(self, at: LogPartition, position: int, limit: int) -> Sequence[Row]:
        """Records from `position` on, or from the first that is still there."""
        self.check_open()
        rows = self._tail.read(at, position, limit)
        return rows if rows is not None else await self._in_thread(_select, at, position, limit)

    async def extents(self, since: float) -> dict[LogPartition, Extent]:
        """Of each partition of each topic; `since` in epoch seconds."""
        return {at: await self._in_thread(_extent, at, end, since) for at, end in dict(self.ends).items()}

    def beginning(self, at: LogPartition) -> int:
        """The first offset that is still there. Blocks for a moment, as `committed` does."""
        with _translated():
            return beginning_of(self._reader, at, self.ends[at])

    @contextmanager
    def heard(self, listener: Callable[[], None]) -> Iterator[None]:
        """While it lasts, `listener` is called on the event loop whenever the log has grown, or was closed."""
        token = object()
        self._listeners[token] = listener
        try:
            yield
        finally:
            del self._listeners[token]

    def check_open(self) -> None:
        if self._closed:
            raise LogUnavailableError("the log is closed")

    async def close(self) -> None:
        """What was submitted is written; whoever listens is woken."""
        if self._closed:
            return
        self._closed = True
        self._thread.shutdown()
        self._reader.close()
        await asyncio.to_thread(self._writer.close)  # the last to close: SQLite then folds the WAL into the file
        self._call_listeners()

    async def _submit(self, operation: Operation) -> int | None:
        self.check_open()
        self._loop = asyncio.get_running_loop()
        submission = Submission(operation, self._loop.create_future())
        self._writer.submit(submission)
        return await submission.outcome

    def _written(self, written: Written) -> None:
        """On the writer's thread. A loop that is closed has nobody left to tell."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._settle, written)

    def _settle(self, written: Written) -> None:
        """The log's ends first, then who published: a look-up after a publish sees it."""
        for at, row in written.appended:
            self._tail.append(at, row)
            self.ends[at] = row.offset + 1
        for index, submission in enumerate(written.batch):
            if submission.outcome.done():  # whoever published has given up waiting
                continue
            if written.offsets is None:
                submission.outcome.set_exception(LogUnavailableError("the data folder's log could not be written"))
            else:
                submission.outcome.set_result(written.offsets[index])
        if written.appended:
            self._call_listeners()

    def _call_listeners(self) -> None:
        for listener in tuple(self._listeners.values()):
            listener()

    async def _in_thread(
        self, call: Callable[Concatenate[sqlite3.Connection, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        self.check_open()
        with _translated():
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, partial(call, self._reader, *arguments, **named)
            )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LogUnavailableError("the data folder's log could not be opened or read") from error


def _select(connection: sqlite3.Connection, at: LogPartition, position: int, limit: int) -> list[Row]:
    rows = connection.execute(
        'SELECT "offset", key, value FROM records WHERE topic = ? AND partition = ? AND "offset" >= ?'
        ' ORDER BY "offset" LIMIT ?',
        (*at, position, limit),
    )
    return [Row(*row) for row in rows]


def _extent(connection: sqlite3.Connection, at: LogPartition, end: int, since: float) -> Extent:
    beginning = beginning_of(connection, at, end)
    return Extent(beginning, first_since(connection, at, since, beginning, end), end)
