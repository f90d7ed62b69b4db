"""What a worker knows of one partition, and of what runs on here after its partition went."""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rockseg_core.domain.window import Window

R = TypeVar("R")


@dataclass
class Behind:
    """How often a delivery was put back behind others, and how many of them may still start before it."""

    times: int
    others: int


@dataclass
class Lane(Generic[R]):
    """One partition: its window, where to fetch on, and the records that wait for a start or are running."""

    window: Window
    position: int
    waiting: dict[int, R] = field(default_factory=dict)
    running: dict[int, R] = field(default_factory=dict)
    behind: dict[int, Behind] = field(default_factory=dict)
    gaps: deque[tuple[int, int]] = field(default_factory=deque)
    """From an offset up to another: no record is there. Each is done once all before it is; a new owner finds it too.
    """

    def pass_gaps(self) -> None:
        while self.gaps and self.gaps[0][0] <= self.window.prefix:
            self.window.skip_to(self.gaps.popleft()[1])


@dataclass(frozen=True)
class Stray(Generic[R]):
    """A delivery that runs on here though its partition went; `released` once that stands in the log's own record."""

    record: R
    attempt: int
    released: bool = False

    def may_be(self, owed_attempt: int) -> bool:
        """Whether what is owed with that attempt is this very run.

        A released one would come again with its attempt; one that could not be released, with the next. A higher
        attempt was counted by somebody who ran it meanwhile.
        """
        return owed_attempt <= (self.attempt if self.released else self.attempt + 1)
