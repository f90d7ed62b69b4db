"""Acknowledging out of order, and counting attempts (design §6): the bookkeeping of one partition, without I/O."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Final

MAX_SPAN: Final = 16384
"""Offsets from a window's prefix to its last start: the bitmap of so many is 2732 of the 4000 bytes of metadata."""


@dataclass(frozen=True)
class InFlight:
    """A started delivery: its attempt, and whether its owner gave it back (a released one keeps its attempt)."""

    attempt: int
    released: bool = False


@dataclass
class Window:
    """Which offsets of a partition are done or in flight. All below `prefix` is done.

    A new owner gets the state that its predecessor committed: whatever was in flight and not released there was lost
    with its owner, and comes back with attempt + 1.
    """

    prefix: int = 0
    done: set[int] = field(default_factory=set)
    in_flight: dict[int, InFlight] = field(default_factory=dict)
    _owed: dict[int, int] = field(default_factory=dict)

    def take_over(self) -> None:
        """Become the owner: what was in flight turns into deliveries owed, each with the attempt that it now has."""
        for offset, flight in self.in_flight.items():
            self._owed[offset] = flight.attempt if flight.released else flight.attempt + 1
        # Still named in what is committed, and as released: a crash before they start again costs no attempt.
        self.in_flight = {offset: InFlight(attempt, released=True) for offset, attempt in self._owed.items()}

    def owed(self) -> Iterator[tuple[int, int]]:
        """(offset, attempt) of what a former owner, or a retry, left to be run, in order."""
        yield from sorted(self._owed.items())

    def adopt(self, offset: int, attempt: int) -> None:
        """What is owed runs here already: it went on while the partition was elsewhere, and no owner of it vanished."""
        del self._owed[offset]
        self.in_flight[offset] = InFlight(attempt)

    def attempt_of(self, offset: int) -> int:
        return self._owed.get(offset, 1)

    def is_new(self, offset: int) -> bool:
        """Whether a fetched offset is neither done, nor in flight, nor owed."""
        return offset >= self.prefix and offset not in self.done and offset not in self.in_flight

    def is_owed(self, offset: int) -> bool:
        """Whether a former owner, or a retry, left `offset` to be run."""
        return offset in self._owed

    def start(self, offset: int) -> int:
        """Name `offset` as running; the delivery may start once this state is committed. Returns its attempt."""
        attempt = self._owed.pop(offset, 1)
        self.in_flight[offset] = InFlight(attempt)
        return attempt

    def finish(self, offset: int) -> None:
        """Its outcome is published: never again."""
        self._owed.pop(offset, None)
        if self.in_flight.pop(offset, None) is None:
            return
        self.done.add(offset)
        while self.prefix in self.done:
            self.done.remove(self.prefix)
            self.prefix += 1

    def skip_to(self, offset: int) -> None:
        """The log has nothing below `offset` (retention took it): all of that is done."""
        self.prefix = max(self.prefix, offset)
        self.done = {o for o in self.done if o >= self.prefix}
        self.in_flight = {o: f for o, f in self.in_flight.items() if o >= self.prefix}
        self._owed = {o: a for o, a in self._owed.items() if o >= self.prefix}
        while self.prefix in self.done:
            self.done.remove(self.prefix)
            self.prefix += 1

    def retry(self, offset: int) -> None:
        """It failed here and the job is at fault: owed again, one attempt on."""
        attempt = self.in_flight[offset].attempt + 1
        self._owed[offset] = attempt
        self.in_flight[offset] = InFlight(attempt, released=True)

    def put_back(self, offset: int) -> None:
        """It was named but never ran: owed again, with the attempt that it has."""
        attempt = self.in_flight[offset].attempt
        self._owed[offset] = attempt
        self.in_flight[offset] = InFlight(attempt, released=True)

    def release(self, offset: int) -> None:
        """Give a running delivery back: whoever is next runs it with the attempt that it has."""
        flight = self.in_flight[offset]
        self.in_flight[offset] = InFlight(flight.attempt, released=True)

    def release_all(self, but: Container[int] = ()) -> None:
        """Give back all that runs; what is in `but` counts as lost with its owner."""
        for offset in self.in_flight:
            if offset not in but:
                self.release(offset)

    @property
    def running(self) -> set[int]:
        """Offsets that this owner has started and not ended."""
        return {offset for offset in self.in_flight if offset not in self._owed}
