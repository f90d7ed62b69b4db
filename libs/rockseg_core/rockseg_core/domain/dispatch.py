"""Which delivery may start now (design §6): without I/O, and the same for every log."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.lane import Behind, Lane, Stray
from rockseg_core.domain.window import MAX_SPAN, Window

R = TypeVar("R")

MAX_DOUBLINGS: Final = 6  # so that what waits for a part that is away is tried again each 512 others, at least
MAX_WINDOW: Final = 64  # so many in flight, and a bitmap of MAX_SPAN, still fit the commit's metadata


@dataclass(frozen=True)
class Start(Generic[R]):
    """A delivery that may start once the window that names it is committed."""

    position: RequestPosition
    attempt: int
    record: R


class Dispatch(Generic[R]):
    """The deliveries of one worker, over its partitions; `R` is whatever the log calls a record.

    Order: suspects, then what a former owner gave back, then new ones by offset, partitions in turn. Suspects come
    first because everything beyond them only lengthens the bitmap while they hold the prefix; they starve nobody,
    since each ends after its third attempt or is put back behind others, and nobody starves them, since nothing new
    starts while one is here and waits that is not, or no longer, behind others. One that is yet to be fetched holds up
    nobody: with a window smaller than its former owner's, others have to go before there is room for it.
    """

    def __init__(self, limit: int = 8) -> None:
        """`limit`: deliveries in flight a partition."""
        if not 1 <= limit <= MAX_WINDOW:
            raise ValueError(f"a window holds 1 to {MAX_WINDOW} deliveries")
        self._limit = limit
        self._lanes: dict[int, Lane[R]] = {}
        self._strays: dict[RequestPosition, Stray[R]] = {}
        self._ended: set[RequestPosition] = set()
        self._last = -1

    def assign(self, partition: int, committed: Window, beginning: int) -> None:
        """Become a partition's owner; `beginning` is the first offset that the log still has.

        What ran on here since the partition was revoked is adopted, with its attempt; what ended meanwhile is done.
        """
        committed.take_over()
        committed.skip_to(beginning)
        lane: Lane[R] = Lane(committed, committed.prefix)
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
        lane.behind = {waiting: behind for waiting, behind in lane.behind.items() if waiting >= offset}
        lane.waiting = {waiting: record for waiting, record in lane.waiting.items() if waiting >= offset}
        lane.window.skip_to(offset)
        lane.pass_gaps()
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
        lane = self._lanes[partition]
        return max(0, 2 * self._limit - len(lane.waiting.keys() - lane.behind.keys()))

    def arrive(self, partition: int, offset: int, record: R, since: int | None = None, end: int | None = None) -> bool:
        """A fetched record, in the order of offsets; what is done or running is passed over.

        `since`: the log was read without a hole from there up to this record, so what is missing in between holds no
        record, and is done. Without that a record behind a gap is refused, and False returned: a record that was lost
        on its way here must not pass for one that was run. It comes again from `position`.

        `end`: the record stands for all offsets from its own up to that.
        """
        lane = self._lanes[partition]
        if offset > lane.position and (since is None or since > lane.position):
            return False
        self._skip(lane, offset)
        if offset >= lane.position:
            lane.position = offset + 1
            self._skip(lane, end or lane.position)
        if lane.window.is_new(offset) or lane.window.is_owed(offset):
            lane.waiting[offset] = record
        return True

    def _skip(self, lane: Lane[R], offset: int) -> None:
        """There is no record from the lane's position up to `offset`; what was in flight there is owed no more."""
        if offset > lane.position:
            for gone in [o for o in lane.window.in_flight if lane.position <= o < offset and o not in lane.running]:
                lane.window.finish(gone)
            lane.gaps.append((lane.position, offset))
            lane.position = offset
            lane.pass_gaps()

    def next(self) -> Start[R] | None:
        """Name the delivery to start, if one may start now; commit its partition's window before it does."""
        chosen = self._choose()
        if chosen is None:
            return None
        partition, offset = chosen
        lane = self._lanes[partition]
        self._last = partition
        for other in self._lanes.values():
            for behind in other.behind.values():
                behind.others -= 1
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
        lane.behind.pop(position.offset, None)
        lane.window.finish(position.offset)
        lane.pass_gaps()
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

    def put_back(self, position: RequestPosition, *, behind: bool = False) -> bool:
        """It did not end here: it waits again with the attempt that it has. False when it is not running here.

        `behind`: of what waits, some start before it does; twice as many each time that it is put back so.
        """
        self._strays.pop(position, None)
        lane = self._lanes.get(position.partition)
        if lane is None or position.offset not in lane.running:
            return False
        lane.waiting[position.offset] = lane.running.pop(position.offset)
        lane.window.put_back(position.offset)
        if behind:
            times = lane.behind[position.offset].times if position.offset in lane.behind else 0
            lane.behind[position.offset] = Behind(times + 1, self._limit << min(times, MAX_DOUBLINGS))
        return True

    def release_all(self, but: Collection[RequestPosition] = ()) -> None:
        """Give back all that runs; what is in `but` counts as lost with its owner."""
        for partition, lane in self._lanes.items():
            lane.window.release_all({position.offset for position in but if position.partition == partition})

    def _go_astray(self, partition: int, lane: Lane[R], offset: int) -> None:
        attempt = lane.window.in_flight[offset].attempt
        self._strays[RequestPosition(partition, offset)] = Stray(lane.running.pop(offset), attempt)

    def _choose(self) -> tuple[int, int] | None:
        attempts = [lane.window.in_flight[offset].attempt for lane in self._lanes.values() for offset in lane.running]
        attempts += [stray.attempt for stray in self._strays.values()]
        if any(attempt > 1 for attempt in attempts):
            return None
        suspects = [
            (partition, offset)
            for partition, lane in sorted(self._lanes.items())
            for offset, attempt in lane.window.owed()
            if attempt > 1 and offset in lane.waiting
        ]
        if due := [at for at in suspects if not self._is_behind(at)]:
            return None if attempts else due[0]
        turns = sorted(self._lanes, key=lambda partition: (partition <= self._last, partition))
        head = next((at for at in map(self._head, turns) if at is not None), None)
        if head is not None:
            return head
        idle = [at for at in self._behind() if at not in suspects or not attempts]
        return min(idle, key=lambda at: self._lanes[at[0]].behind[at[1]].times, default=None)

    def _is_behind(self, at: tuple[int, int]) -> bool:
        behind = self._lanes[at[0]].behind.get(at[1])
        return behind is not None and behind.others > 0

    def _behind(self) -> list[tuple[int, int]]:
        """What waits behind others, where another may run."""
        return [
            (partition, offset)
            for partition, lane in sorted(self._lanes.items())
            if len(lane.running) < self._limit
            for offset in sorted(lane.behind.keys() & lane.waiting.keys())
        ]

    def _head(self, partition: int) -> tuple[int, int] | None:
        """The lowest waiting offset of a partition, if its window has a place for it."""
        lane = self._lanes[partition]
        offset = min((waiting for waiting in lane.waiting if not self._is_behind((partition, waiting))), default=None)
        if offset is None or len(lane.running) >= self._limit:
            return None
        window = lane.window
        fits = len(window.in_flight) < MAX_WINDOW and offset - window.prefix < MAX_SPAN
        return (partition, offset) if fits or window.is_owed(offset) else None
