"""Whatever a worker does, and those after it: what is done did run, and no attempt is counted that was none."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from rockseg_core.codec.commit_metadata import decode_window, encode_window
from rockseg_core.domain.dispatch import Dispatch, Start
from rockseg_core.domain.job import RequestPosition

LIMIT, PARTITIONS = 3, 2


class Workers(RuleBasedStateMachine):
    """One worker after another on a log of two partitions: they start, end, fail, leave and crash as they like."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.ends = dict.fromkeys(range(PARTITIONS), 0)
        self.commits = dict.fromkeys(range(PARTITIONS), (0, ""))
        self.attempts: dict[RequestPosition, int] = {}
        self.done: set[RequestPosition] = set()
        self.flight: dict[RequestPosition, int] = {}
        self.committed = dict(self.attempts), dict(self.flight)
        self.begin()

    def begin(self) -> None:
        self.dispatch: Dispatch[RequestPosition] = Dispatch(LIMIT)
        for partition, (prefix, metadata) in self.commits.items():
            window = decode_window(prefix, metadata)
            assert window is not None
            self.dispatch.assign(partition, window, 0)
        self.flight = {}
        self.fetch()

    def fetch(self) -> None:
        for partition, end in self.ends.items():
            first = self.dispatch.position(partition)
            for offset in range(first, min(end, first + self.dispatch.room(partition))):
                self.dispatch.arrive(partition, offset, RequestPosition(partition, offset))

    def commit(self) -> None:
        for partition in self.commits:
            window = self.dispatch.window(partition)
            self.commits[partition] = (window.prefix, encode_window(window))
        self.committed = dict(self.attempts), dict(self.flight)

    def start(self) -> Start[RequestPosition] | None:
        self.fetch()
        start = self.dispatch.next()
        if start is not None:
            assert start.record == start.position
            assert start.position not in self.done
            assert start.attempt == self.attempts.get(start.position, 1)
            assert start.attempt == 1 or not self.flight
            assert all(attempt == 1 for attempt in self.flight.values())
            self.flight[start.position] = start.attempt
            self.commit()
        return start

    @rule(partition=st.integers(0, PARTITIONS - 1), count=st.integers(1, 6))
    def publish(self, partition: int, count: int) -> None:
        self.ends[partition] += count

    @rule(target=running, count=st.integers(1, 4))
    def run(self, count: int) -> object:
        found = [start for start in (self.start() for _ in range(count)) if start is not None]
        return multiple(*(start.position for start in found))

    @rule(position=consumes(running))
    def acknowledge(self, position: RequestPosition) -> None:
        if self.flight.pop(position, None) is not None:
            assert self.dispatch.finish(position)
            self.done.add(position)
            self.commit()

    @rule(position=consumes(running))
    def fail(self, position: RequestPosition) -> None:
        if position in self.flight:
            self.attempts[position] = self.flight.pop(position) + 1
            assert self.dispatch.retry(position)
            self.commit()

    @rule(position=consumes(running))
    def put_back(self, position: RequestPosition) -> None:
        if position in self.flight:
            self.flight.pop(position)
            self.dispatch.put_back(position)

    @rule()
    def crash(self) -> None:
        """What the last commit named as running counts: what was put back since, too, for nobody can tell."""
        self.attempts, running = dict(self.committed[0]), self.committed[1]
        self.attempts |= {position: attempt + 1 for position, attempt in running.items()}
        self.begin()

    @rule(released=st.booleans(), end=st.integers(0, 2))
    def rebalance(self, released: bool, end: int) -> None:
        """All partitions go and come back; some of what runs ends in between."""
        if released:
            self.dispatch.release_all()
            self.commit()
        else:
            lost = {position: attempt + 1 for position, attempt in self.committed[1].items()}
            self.attempts = dict(self.committed[0]) | {p: a for p, a in lost.items() if p not in self.flight}
        for partition in self.commits:
            self.dispatch.revoke(partition)
            if released:
                self.dispatch.note_released(partition)
        for position in sorted(self.flight)[:end]:
            assert not self.dispatch.finish(position)
            self.flight.pop(position)
            self.done.add(position)
        for partition, (prefix, metadata) in self.commits.items():
            window = decode_window(prefix, metadata)
            assert window is not None
            self.dispatch.assign(partition, window, 0)
        self.fetch()
        self.commit()

    @rule()
    def leave(self) -> None:
        self.dispatch.release_all()
        self.flight = {}
        self.commit()
        self.begin()

    @invariant()
    def windows_hold(self) -> None:
        for partition in range(PARTITIONS):
            running = [position for position in self.flight if position.partition == partition]
            assert {p.offset for p in running} == self.dispatch.window(partition).running
            assert len(running) <= LIMIT

    def teardown(self) -> None:
        """Nothing starves: a worker that only works comes to the end of the log."""
        for position in list(self.flight):
            self.acknowledge(position)
        while (start := self.start()) is not None:
            self.acknowledge(start.position)
        for partition, end in self.ends.items():
            assert self.dispatch.window(partition).prefix == end
            assert sum(position.partition == partition for position in self.done) == end


Workers.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestWorkers = Workers.TestCase
