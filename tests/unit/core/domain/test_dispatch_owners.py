"""Several owners share what is committed: partitions move, owners are killed, cut off and stopped, records are lost on
their way, the log has gaps, photos cannot be read for a while, and each owner has a limit of its own. What is done did
run or was never there, nothing runs twice without a reason on record, a poison job ends after three attempts and harms
nobody else, and an owner with nothing to do has nothing to do.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from rockseg_core.codec.commit_metadata import decode_window, encode_window
from rockseg_core.domain.dispatch import Dispatch
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.window import MAX_SPAN, Window

PARTITIONS, OWNERS, ATTEMPTS = 3, 3, 3
LIMITS = (1, 2, 4, 32)
STEPS, SEEDS = 400, 40
PATIENCE = 5_000  # rounds of all owners


@dataclass
class Owner:
    """A process: its dispatch, what runs in it and with which attempt, what has ended in it, what it has been given."""

    dispatch: Dispatch[RequestPosition]
    running: dict[RequestPosition, int] = field(default_factory=dict)
    ended: set[RequestPosition] = field(default_factory=set)
    partitions: set[int] = field(default_factory=set)


class Group:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.log: list[list[int]] = [[] for _ in range(PARTITIONS)]
        self.ends = [0] * PARTITIONS
        self.poisons: set[RequestPosition] = set()
        self.unreadable: set[RequestPosition] = set()
        """What waits for its photo wherever it runs, until it is put back."""
        self.committed = [(0, "")] * PARTITIONS
        self.owners = [self.hired() for _ in range(OWNERS)]
        self.ended: set[RequestPosition] = set()
        self.buried: set[RequestPosition] = set()
        self.ran: dict[RequestPosition, list[int]] = {}
        self.unheard: set[RequestPosition] = set()
        """What ended where the partition had gone already: it may run again."""
        self.given_back: Counter[RequestPosition] = Counter()
        """How often a job may run again with an attempt that it had."""
        self.lost: Counter[RequestPosition] = Counter()
        """How often its owner vanished for another reason than a poison, or it failed."""

    # What may happen

    def publish(self) -> None:
        partition = self.random.randrange(PARTITIONS)
        for _ in range(self.random.randint(1, 5)):
            if self.random.random() < 0.3:  # a marker, or what compaction took
                self.ends[partition] += self.random.choice((1, 1, 2, 30_000))
            offset = self.ends[partition]
            self.log[partition].append(offset)
            self.ends[partition] += 1
            if self.random.random() < 0.03:
                self.poisons.add(RequestPosition(partition, offset))
            if self.random.random() < 0.2:
                self.unreadable.add(RequestPosition(partition, offset))

    def rebalance(self) -> None:
        """Partitions move between owners; the last commit of each may fail."""
        for owner in self.owners:
            self.revoke(owner, in_order=self.random.random() < 0.7)
        for partition in range(PARTITIONS):
            self.assign(self.random.choice(self.owners), partition)

    def cut_off(self) -> None:
        """The group takes the partitions of one away, who hears of it late, and whose jobs run on meanwhile."""
        gone, *others = self.random.sample(self.owners, OWNERS)
        partitions = set(gone.partitions)
        self.lost.update(gone.running)
        self.revoke(gone, in_order=False)
        for partition in partitions:
            self.assign(self.random.choice(others), partition)

    def kill(self) -> None:
        owner = self.random.choice(self.owners)
        self.lost.update(owner.running)
        self.crash(owner)

    def start(self, owner: Owner, unreadable: set[RequestPosition], *, lossy: bool = True) -> None:
        self.fetch(owner, lossy=lossy)
        start = owner.dispatch.next()
        if start is None:
            assert lossy or owner.running or not self.undone(owner)
            return
        position = start.record
        assert position == start.position
        unserved = self.random.random()
        if unserved > 0.05:
            self.commit(owner, position.partition)
        if unserved < 0.1:  # nobody takes it, or the commit that names it fails
            owner.dispatch.put_back(position)
            self.lost[position] += 1  # should its owner vanish before the next commit
            return
        assert position not in owner.running
        assert position not in owner.ended
        assert position not in self.ended - self.unheard
        self.note_run(position, start.attempt)
        owner.running[position] = start.attempt
        suspects = [attempt for attempt in owner.running.values() if attempt > 1]
        assert not suspects or len(owner.running) == 1
        if start.attempt > ATTEMPTS:
            self.buried.add(position)
            self.finish(owner, position)
        elif position in self.poisons - unreadable:
            self.crash(owner)

    def end(self, owner: Owner) -> None:
        if not owner.running:
            return
        position = self.random.choice(sorted(owner.running))
        kind = self.random.random()
        if position in self.unreadable:
            if kind < 0.2:
                self.put_back(owner, position)
        elif kind < 0.8:
            self.finish(owner, position)
        elif kind < 0.9:
            self.put_back(owner, position)
        elif owner.running[position] < ATTEMPTS:
            del owner.running[position]
            if owner.dispatch.retry(position):
                self.lost[position] += 1
                self.commit(owner, position.partition)

    # How

    def hired(self) -> Owner:
        return Owner(Dispatch(self.random.choice(LIMITS)))

    def put_back(self, owner: Owner, position: RequestPosition) -> None:
        del owner.running[position]
        if owner.dispatch.put_back(position, behind=True):
            self.given_back[position] += 1
            self.commit(owner, position.partition)

    def undone(self, owner: Owner) -> set[RequestPosition]:
        windows = {partition: owner.dispatch.window(partition) for partition in owner.partitions}
        return {
            RequestPosition(partition, offset)
            for partition, window in windows.items()
            for offset in self.log[partition]
            if offset >= window.prefix and offset not in window.done
        }

    def could_run(self, owner: Owner, unreadable: set[RequestPosition]) -> set[RequestPosition]:
        """What is undone, can be read, and is not too far beyond one that cannot."""
        readable = self.undone(owner) - unreadable
        return {at for at in readable if at.offset - owner.dispatch.window(at.partition).prefix < MAX_SPAN}

    def fetch(self, owner: Owner, *, lossy: bool = True) -> None:
        before = None
        while before != (before := [owner.dispatch.position(partition) for partition in owner.partitions]):
            self.fetch_once(owner, lossy=lossy)

    def fetch_once(self, owner: Owner, *, lossy: bool) -> None:
        for partition in owner.partitions:
            since = owner.dispatch.position(partition)
            there = [offset for offset in self.log[partition] if offset >= since][: owner.dispatch.room(partition)]
            lost = lossy and there and self.random.random() < 0.3
            if lost:  # the reader is somewhere behind a hole, and knows no better or does
                there = there[self.random.randint(1, len(there)) :]
                since = self.random.choice([None, there[0] if there else None])  # type: ignore[assignment]
            for offset in there:
                owner.dispatch.arrive(partition, offset, RequestPosition(partition, offset), since)

    def commit(self, owner: Owner, partition: int) -> None:
        if partition in owner.partitions:
            window = owner.dispatch.window(partition)
            self.committed[partition] = (window.prefix, encode_window(window))
            self.check_done(partition, window)

    def check_done(self, partition: int, window: Window) -> None:
        done = {offset for offset in self.log[partition] if offset < window.prefix or offset in window.done}
        assert {RequestPosition(partition, offset) for offset in done} <= self.ended

    def finish(self, owner: Owner, position: RequestPosition) -> None:
        del owner.running[position]
        owner.ended.add(position)
        self.ended.add(position)
        if owner.dispatch.finish(position):
            self.commit(owner, position.partition)
        else:
            self.unheard.add(position)

    def revoke(self, owner: Owner, *, in_order: bool) -> None:
        partitions, owner.partitions = owner.partitions, set()
        if in_order:
            owner.dispatch.release_all()
            for partition in partitions:
                window = owner.dispatch.window(partition)
                self.committed[partition] = (window.prefix, encode_window(window))
        for partition in partitions:
            owner.dispatch.revoke(partition)
            if in_order:
                owner.dispatch.note_released(partition)
        (self.given_back if in_order else self.lost).update(owner.running)

    def assign(self, owner: Owner, partition: int) -> None:
        window = decode_window(*self.committed[partition])
        assert window is not None
        owner.partitions.add(partition)
        owner.dispatch.assign(partition, window, 0)
        self.commit(owner, partition)

    def crash(self, owner: Owner) -> None:
        """Another takes its partitions over, and it begins anew."""
        index, partitions = self.owners.index(owner), owner.partitions
        self.owners[index] = self.hired()
        for partition in partitions:
            self.assign(self.random.choice(self.owners), partition)

    def note_run(self, position: RequestPosition, attempt: int) -> None:
        runs = self.ran.setdefault(position, [])
        if runs and attempt <= max(runs):
            assert self.given_back[position], f"{position} runs again on attempt {attempt}, after {runs}"
            self.given_back[position] -= 1
        runs.append(attempt)

    def check(self) -> None:
        """All has ended: what the log has did run, the poisons to their last attempt, and no other because of them."""
        there = {RequestPosition(partition, offset) for partition, log in enumerate(self.log) for offset in log}
        assert self.ended == self.ran.keys() == there
        assert [prefix for prefix, _ in self.committed] == [log[-1] + 1 if log else 0 for log in self.log]
        assert self.poisons <= self.buried
        for poison in self.poisons:
            assert self.ran[poison][-1] > ATTEMPTS
            assert len(self.ran[poison]) <= ATTEMPTS + 1 or poison in self.unreadable
        for innocent in self.buried - self.poisons:
            assert self.lost[innocent] >= ATTEMPTS - 1

    def settle(self) -> None:
        """Nothing happens any more but work, and all ends whose photo can be read; then the others do."""
        self.work(self.unreadable)
        self.work(set())

    def work(self, unreadable: set[RequestPosition]) -> None:
        for _ in range(PATIENCE):
            for owner in list(self.owners):
                for position in sorted(owner.running):
                    if position in unreadable:
                        self.put_back(owner, position)
                    else:
                        self.finish(owner, position)
            if not any(self.could_run(owner, unreadable) for owner in self.owners):
                return
            for owner in list(self.owners):
                if owner in self.owners:
                    self.start(owner, unreadable, lossy=False)
        pytest.fail("what could run did not")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_happens_to_its_owners_each_job_ends_and_no_other_pays_for_a_poison(seed: int) -> None:
    group = Group(seed)
    for partition in range(PARTITIONS):
        group.assign(group.random.choice(group.owners), partition)
    for _ in range(STEPS):
        kind = group.random.random()
        if kind < 0.15:
            group.publish()
        elif kind < 0.18:
            group.rebalance()
        elif kind < 0.20:
            group.cut_off()
        elif kind < 0.21:
            group.kill()
        elif kind < 0.6:
            group.start(group.random.choice(group.owners), group.unreadable)
        else:
            group.end(group.random.choice(group.owners))
    group.settle()
    group.check()
