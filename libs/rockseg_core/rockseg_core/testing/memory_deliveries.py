import asyncio
from collections.abc import Collection
from typing import TypeAlias

from typing_extensions import override

from rockseg_core.codec.commit_metadata import decode_window, encode_window
from rockseg_core.codec.records import decode_or_none
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.dispatch import Dispatch, Start
from rockseg_core.domain.records import JobRequest
from rockseg_core.domain.window import Window
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.testing.faults import Faults
from rockseg_core.testing.memory_topic import MemoryTopic, Stored

Commits: TypeAlias = dict[int, tuple[int, str]]
"""Per partition: the committed offset, and its metadata."""


class MemoryDeliveries(DeliverySource):
    """The deliveries of a MemoryLog. `closed` tells that the source has left, or that its owner vanished."""

    def __init__(self, topic: MemoryTopic, commits: Commits, faults: Faults, window: int) -> None:
        self.closed = False
        self._topic = topic
        self._commits = commits
        self._faults = faults
        self._stopped = False
        self._changed = asyncio.Event()
        self._dispatch: Dispatch[Stored] = Dispatch(window)
        for partition, lane in enumerate(topic.lanes):
            prefix, metadata = commits.get(partition, (0, ""))
            committed = decode_window(prefix, metadata) or Window(prefix)
            self._dispatch.assign(partition, committed, lane.beginning)

    @override
    async def receive(self) -> Delivery | None:
        while not self._stopped:
            changed = self._changed
            await asyncio.sleep(0)
            if not self._faults.unavailable and (start := self._next()) is not None:
                return _delivery(start)
            await changed.wait()
        return None

    @override
    async def acknowledge(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        self._dispatch.finish(delivery.position)
        self._commit(delivery.position.partition)
        self.wake()

    @override
    async def retry(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        self._dispatch.retry(delivery.position)
        self._commit(delivery.position.partition)
        self.wake()

    @override
    async def put_back(self, delivery: Delivery) -> None:
        await asyncio.sleep(0)
        self._dispatch.put_back(delivery.position, behind=True)
        self._commit(delivery.position.partition)
        self.wake()

    @override
    def stop(self) -> None:
        self._stopped = True
        self.wake()

    @override
    async def close(self, lost: Collection[Delivery] = ()) -> None:
        self.stop()
        self._dispatch.release_all({delivery.position for delivery in lost})
        for partition in range(len(self._topic.lanes)):
            self._commit(partition)
        self.closed = True

    def vanish(self) -> None:
        """As SIGKILL does: nothing more is committed."""
        self.closed = True
        self.stop()

    def wake(self) -> None:
        """Something changed: whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _next(self) -> Start[Stored] | None:
        if self._stopped:
            return None
        for partition, lane in enumerate(self._topic.lanes):
            since = self._dispatch.position(partition)
            for offset, stored in lane.read(since, self._dispatch.room(partition)):
                self._dispatch.arrive(partition, offset, stored, since)
        start = self._dispatch.next()
        if start is not None:
            self._commit(start.position.partition)
        return start

    def _commit(self, partition: int) -> None:
        if not self.closed:
            window = self._dispatch.window(partition)
            self._commits[partition] = (window.prefix, encode_window(window))


def _delivery(start: Start[Stored]) -> Delivery:
    stored = start.record
    return Delivery(start.position, start.attempt, stored.key, stored.value, decode_or_none(stored.value, JobRequest))
