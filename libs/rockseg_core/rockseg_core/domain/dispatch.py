"""Which delivery may start now (design §6): without I/O, and the same for every log."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.window import MAX_SPAN, Window

R = TypeVar("R")

MAX_WINDOW: Final = 64  # so many in flight, and a bitmap of MAX_SPAN, still fit the commit's metadata


@dataclass(frozen=True)
class Start(Generic[R]):
    """A delivery that may start once the window that names it is committed."""

    position: RequestPosition
    attempt: int
    record: R


@dataclass
class _Lane(Generic[R]):
    """One partition: its window, where to fetch on, and the records that wait for a start or are running."""

    window: Window
    position: int
    waiting: dict[int, R] = field(default_factory=dict)
    running: dict[int, R] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stray(Generic[R]):
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


class Dispatch(Generic[R]):
    """The deliveries of one worker, over its partitions; `R` is whatever the log calls a record.

    Order: suspects, then what a former owner gave back, then new ones by offset, partitions in turn. Suspects come
    first because everything beyond them only lengthens the bitmap while they hold the prefix; they starve nobody,
    since each ends after its third attempt, and nobody starves them, since nothing new starts while one waits.
    """

    def __init__(self, limit: int = 8) -> None:
        """`limit`: deliveries in flight a partition."""
        if not 1 <= limit <= MAX_WINDOW:
            raise ValueError(f"a window holds 1 to {MAX_WINDOW} deliveries")
        self._limit = limit
        self._lanes: dict[int, _Lane[R]] = {}
        self._strays: dict[RequestPosition, _Stray[R]] = {}
        self._ended: set[RequestPosition] = set()
        self._last = -1

    def assign(self, partition: int, committed: Window, beginning: int) -> None:
        """Become a partition's owner; `beginning` is the first offset that the log still has.

        What ran on here since the partition was revoked is adopted, with its attempt; what ended meanwhile is done.
        """
        committed.take_over()
        committed.skip_to(beginning)
        lane: _Lane[R] = _Lane(committed, committed.prefix)
        for position in {p for p in self._ended if p.partition == partition}:
            self._ended.remove(position)
            committed.finish(position.offset)
        for position in self.strays(partition):
            owed, stray = committed.is_owed(position.offset), self._strays[position]
            if owed and stray.may_be(committed.attempt_of(position.offset)):
                committed.adopt(position.offset, stray.attempt)
                lane.running[position.offset] = self._strays.pop(position).record
        self._lanes[partition] = lane

    def revoke(self, partition: int) -> None:
        """Lose a partition. What waits is forgotten; what runs goes on as a stray, until it ends or is adopted."""
        lane = self._lanes.pop(partition, None)
        if lane is not None:
            for offset in list(lane.running):
                self._go_astray(partition, lane, offset)

    def note_released(self, partition: int) -> None:
        """A commit that gives back what ran in a revoked partition has succeeded."""
        for position in self.strays(partition):
            self._strays[position] = replace(self._strays[position], released=True)

    def strays(self, partition: int) -> list[RequestPosition]:
        """What runs here of an earlier ownership of the partition."""
        return [position for position in self._strays if position.partition == partition]

    def note_ended(self, positions: Iterable[RequestPosition]) -> None:
        """These were finished, and no commit that says so has succeeded before their partition went."""
        self._ended.update(positions)

    def forget_ended(self, partition: int) -> None:
        """The partition begins anew: what ended since it was revoked says nothing of its offsets."""
        self._ended = {position for position in self._ended if position.partition != partition}

    def skip_to(self, partition: int, offset: int) -> None:
        """Retention took what lies below `offset`: all of that is done; what runs of it ends as a stray."""
        lane = self._lanes[partition]
        for gone in [running for running in lane.running if running < offset]:
            self._go_astray(partition, lane, gone)
        lane.waiting = {waiting: record for waiting, record in lane.waiting.items() if waiting >= offset}
        lane.window.skip_to(offset)
        lane.position = max(lane.position, offset)

    @property
    def ended(self) -> bool:
        """Whether anything has ended of which no commit can tell before its partition comes back."""
        return bool(self._ended)

    @property
    def partitions(self) -> list[int]:
        """The partitions that are ours."""
        return sorted(self._lanes)

    @property
    def running(self) -> set[RequestPosition]:
        """What runs of the partitions that are ours."""
        return {
            RequestPosition(partition, offset) for partition, lane in self._lanes.items() for offset in lane.running
        }

    def window(self, partition: int) -> Window:
        return self._lanes[partition].window

    def position(self, partition: int) -> int:
        """The offset to fetch from."""
        return self._lanes[partition].position

    def room(self, partition: int) -> int:
        """How many records more are worth fetching: a window full of spare ones, so that a start need not wait."""
        return max(0, 2 * self._limit - len(self._lanes[partition].waiting))

    def arrive(self, partition: int, offset: int, record: R) -> None:
        """A fetched record, in the order of offsets; what is done or running is passed over."""
        lane = self._lanes[partition]
        if lane.position <= lane.window.prefix < offset:
            lane.window.skip_to(offset)
        for missing in range(max(lane.position, lane.window.prefix), offset):
            lane.window.miss(missing)
        lane.position = max(lane.position, offset + 1)
        if lane.window.is_new(offset) or lane.window.is_owed(offset):
            lane.waiting[offset] = record

    def next(self) -> Start[R] | None:
        """Name the delivery to start, if one may start now; commit its partition's window before it does."""
        chosen = self._choose()
        if chosen is None:
            return None
        partition, offset = chosen
        lane = self._lanes[partition]
        self._last = partition
        lane.running[offset] = record = lane.waiting.pop(offset)
        return Start(RequestPosition(partition, offset), lane.window.start(offset), record)

    def finish(self, position: RequestPosition) -> bool:
        """Its outcome is published; False when it is not (or no longer) ours, and there is nothing to commit."""
        stray = self._strays.pop(position, None)
        lane = self._lanes.get(position.partition)
        if lane is None and stray is not None:
            self._ended.add(position)
        if lane is None or position.offset not in lane.window.in_flight:
            return False
        lane.running.pop(position.offset, None)
        lane.waiting.pop(position.offset, None)
        lane.window.finish(position.offset)
        return True

    def retry(self, position: RequestPosition) -> bool:
        """It failed here: it waits again, one attempt on. False when it is not running here, or no longer ours."""
        self._strays.pop(position, None)
        lane = self._lanes.get(position.partition)
        if lane is None or position.offset not in lane.running:
            return False
        lane.waiting[position.offset] = lane.running.pop(position.offset)
        lane.window.retry(position.offset)
        return True

    def put_back(self, position: RequestPosition) -> None:
        """Named, but nobody took it: it waits again with the attempt that it has."""
        self._strays.pop(position, None)
        lane = self._lanes.get(position.partition)
        if lane is not None and position.offset in lane.running:
            lane.waiting[position.offset] = lane.running.pop(position.offset)
            lane.window.put_back(position.offset)

    def release_all(self, but: Collection[RequestPosition] = ()) -> None:
        """Give back all that runs; what is in `but` counts as lost with its owner."""
        for partition, lane in self._lanes.items():
            lane.window.release_all({position.offset for position in but if position.partition == partition})

    def _go_astray(self, partition: int, lane: _Lane[R], offset: int) -> None:
        attempt = lane.window.in_flight[offset].attempt
        self._strays[RequestPosition(partition, offset)] = _Stray(lane.running.pop(offset), attempt)

    def _choose(self) -> tuple[int, int] | None:
        attempts = [lane.window.in_flight[offset].attempt for lane in self._lanes.values() for offset in lane.running]
        attempts += [stray.attempt for stray in self._strays.values()]
        suspects = [
            (partition, offset)
            for partition, lane in sorted(self._lanes.items())
            for offset, attempt in lane.window.owed()
            if attempt > 1
        ]
        if suspects:
            fetched = (at for at in suspects if at[1] in self._lanes[at[0]].waiting)
            return None if attempts else next(fetched, None)
        if any(attempt > 1 for attempt in attempts):
            return None
        turns = sorted(self._lanes, key=lambda partition: (partition <= self._last, partition))
        return next((at for at in map(self._head, turns) if at is not None), None)

    def _head(self, partition: int) -> tuple[int, int] | None:
        """The lowest waiting offset of a partition, if its window has a place for it."""
        lane = self._lanes[partition]
        if not lane.waiting or len(lane.running) >= self._limit:
            return None
        offset, window = min(lane.waiting), lane.window
        fits = len(window.in_flight) < self._limit and offset - window.prefix < MAX_SPAN
        return (partition, offset) if fits or window.is_owed(offset) else None
