"""Which tiles go through the device next. No thread and no clock of its own; the batcher guards it."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, TypeAlias

from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.delivery import Delivery
from rockseg_core.ports.segmenter import Tile

Shape: TypeAlias = tuple[int, int]


@dataclass(eq=False)
class Submission:
    """Tiles that one job waits for, and their logits as they come."""

    tiles: Sequence[Tile]
    future: asyncio.Future[Sequence[Logits]]
    owner: Delivery | None = None
    logits: dict[int, Logits] = field(default_factory=dict)  # by place in `tiles`

    def take(self, places: Sequence[int], logits: Sequence[Logits]) -> None:
        """On the event loop. The last of the logits settles the future."""
        self.logits.update(zip(places, logits, strict=True))
        if len(self.logits) == len(self.tiles) and not self.future.done():
            self.future.set_result([self.logits[place] for place in range(len(self.tiles))])


@dataclass(eq=False)
class Part:
    """The tiles of a submission that have one shape, by their places in it; `since` is a monotonic time, in seconds."""

    submission: Submission
    shape: Shape
    places: deque[int]
    since: float
    alone: bool

    @property
    def wanted(self) -> bool:
        return bool(self.places) and not self.submission.future.done()


class Share(NamedTuple):
    """What a batch holds of one submission."""

    submission: Submission
    places: Sequence[int]

    @property
    def tiles(self) -> list[Tile]:
        return [self.submission.tiles[place] for place in self.places]


class Wait(NamedTuple):
    """Nothing may go yet: look again after so many seconds, or when something comes (None)."""

    seconds: float | None


class TileQueue:
    """First come, first served, in batches of one shape. A job hands its tiles in by the turn, not all at once, so
    that it stands behind the others again after each turn.

    First passes overtake: a photo of which nothing is known yet cannot fill the device, and the processor has work to
    do on it between its first pass and its tiles while the device is busy with another's.
    """

    def __init__(self, most_tiles: int, delay_seconds: float) -> None:
        self._most, self._delay = most_tiles, delay_seconds
        self._first: deque[Part] = deque()
        self._rest: deque[Part] = deque()

    def push(self, submission: Submission, now: float, *, first: bool, alone: bool) -> None:
        """`alone` tiles share a batch with nothing, not even with one another."""
        places: dict[Shape, deque[int]] = {}
        for place, tile in enumerate(submission.tiles):
            places.setdefault(tile.shape, deque()).append(place)
        queue = self._first if first else self._rest
        queue.extend(Part(submission, shape, of_shape, now, alone) for shape, of_shape in places.items())

    def pop(self, now: float) -> list[Share] | Wait:
        """The next batch, or how long to wait for one."""
        self._forget()
        waits = []
        seen: set[Shape] = set()
        for head in self._waiting():
            if head.alone:
                return [Share(head.submission, [head.places.popleft()])]
            if head.shape in seen:
                continue
            seen.add(head.shape)
            wait = head.since + self._delay - now
            if wait <= 0 or self._count(head.shape) >= self._most:
                return self._batch(head.shape)
            waits.append(wait)
        return Wait(min(waits, default=None))

    def _waiting(self) -> Iterator[Part]:
        return chain(self._first, self._rest)

    def _company(self, shape: Shape) -> Iterator[Part]:
        return (part for part in self._waiting() if part.shape == shape and not part.alone)

    def _count(self, shape: Shape) -> int:
        return sum(len(part.places) for part in self._company(shape))

    def _batch(self, shape: Shape) -> list[Share]:
        shares, room = [], self._most
        for part in self._company(shape):
            taken = [part.places.popleft() for _ in range(min(room, len(part.places)))]
            shares.append(Share(part.submission, taken))
            room -= len(taken)
            if not room:
                break
        return shares

    def _forget(self) -> None:
        """Drop what is served, and what its job no longer waits for."""
        self._first = deque(part for part in self._first if part.wanted)
        self._rest = deque(part for part in self._rest if part.wanted)
