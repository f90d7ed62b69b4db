import asyncio
from collections.abc import Iterable, Mapping

from rockseg_core.ports.feed import LogPartition


class Progress:
    """How far the view has applied each partition, and who waits for it to get further."""

    def __init__(self) -> None:
        self._next: dict[LogPartition, int] = {}
        self._ends: Mapping[LogPartition, int] = {}
        self._waiting: list[tuple[Mapping[LogPartition, int], list[asyncio.Future[None]]]] = []

    def reset(self, positions: Mapping[LogPartition, int]) -> None:
        """The view begins (anew) at these offsets; forwards or backwards."""
        self._next = dict(positions)
        self._wake()

    def advance(self, positions: Mapping[LogPartition, int]) -> None:
        """The view has committed everything below these offsets."""
        self._next.update(positions)
        self._wake()

    def covers(self, ends: Mapping[LogPartition, int], read: Mapping[LogPartition, int] | None = None) -> bool:
        """Whether everything below `ends` is applied; an empty partition that nobody has seen yet is.

        With `read`, whether it will be once what lies below these offsets is committed too.
        """
        further = read or {}
        return all(max(self._next.get(at, 0), further.get(at, 0)) >= end for at, end in ends.items())

    def tell(self, ends: Mapping[LogPartition, int], futures: Iterable[asyncio.Future[None]]) -> None:
        """Complete `futures` as soon as everything below `ends` is applied."""
        self._ends = ends
        self._waiting.append((ends, list(futures)))
        self._wake()

    def behind(self) -> int:
        """How many records the log was last seen to hold beyond those applied."""
        return sum(max(0, end - self._next.get(at, 0)) for at, end in self._ends.items())

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for ends, futures in waiting:
            pending = [future for future in futures if not future.done()]
            if not pending:
                continue
            if self.covers(ends):
                for future in pending:
                    future.set_result(None)
            else:
                self._waiting.append((ends, pending))
