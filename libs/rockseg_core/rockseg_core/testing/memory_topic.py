from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stored:
    """A record as the log keeps it; `appended_at` in epoch seconds (LogAppendTime)."""

    key: bytes | None
    value: bytes | None
    appended_at: float


@dataclass
class MemoryLane:
    """One partition of a topic."""

    beginning: int = 0
    records: list[Stored] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.beginning + len(self.records)

    def read(self, position: int, limit: int) -> list[tuple[int, Stored]]:
        first = max(position, self.beginning)
        return list(enumerate(self.records[first - self.beginning :][:limit], first))

    def since(self, time: float) -> int:
        """The first offset appended at `time` or later."""
        return self.beginning + bisect_left(self.records, time, key=lambda stored: stored.appended_at)


class MemoryTopic:
    def __init__(self, partitions: int) -> None:
        self.lanes = [MemoryLane() for _ in range(partitions)]

    def append(self, partition: int, stored: Stored) -> int:
        """Its time never lies before that of the record before it, as with a broker's LogAppendTime."""
        lane = self.lanes[partition]
        last = lane.records[-1].appended_at if lane.records else stored.appended_at
        lane.records.append(Stored(stored.key, stored.value, max(last, stored.appended_at)))
        return lane.end - 1

    def expire(self, before: float) -> None:
        for lane in self.lanes:
            gone = lane.since(before) - lane.beginning
            del lane.records[:gone]
            lane.beginning += gone
