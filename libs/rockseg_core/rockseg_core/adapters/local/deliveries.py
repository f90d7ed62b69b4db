import asyncio
import logging
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from typing_extensions import override

from rockseg_core.adapters.local.log import EmbeddedLog
from rockseg_core.adapters.local.operations import Row
from rockseg_core.codec.commit_metadata import decode_window, encode_window
from rockseg_core.codec.records import decode_or_none
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.dispatch import Dispatch, Start
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.records import JobRequest
from rockseg_core.domain.window import Window
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.ports.feed import Topic

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # between tries of a commit that the disk refuses; the last for ever


class LocalDeliverySource(DeliverySource):
    """A worker on the embedded log.

    One task commits: what is to start and what was acknowledged since the last commit go into one. So several callers
    of `receive` at a time share an fsync. A commit that fails is tried again: nobody starts meanwhile, and nothing that
    was acknowledged is forgotten.
    """

    def __init__(self, log: EmbeddedLog, window: int) -> None:
        self._log = log
        self._dispatch: Dispatch[Row] = Dispatch(window)
        self._partitions = [at for at in log.ends if at.topic is Topic.JOBS]
        committed = log.committed()
        for at in self._partitions:
            self._dispatch.assign(at.partition, _restored(*committed.get(at.partition, (0, ""))), log.beginning(at))
        self._receivers: deque[asyncio.Future[Delivery | None]] = deque()
        self._confirmations: list[asyncio.Future[None]] = []
        self._uncommitted: set[int] = set()
        self._changed = asyncio.Event()
        self._leaving = asyncio.Event()
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    @override
    async def receive(self) -> Delivery | None:
        if self._stopped:
            return None
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="rockseg-deliveries")
            self._task.add_done_callback(self._ended)
        elif self._task.done():
            self._task.result()  # raises what ended it
        receiver: asyncio.Future[Delivery | None] = asyncio.get_running_loop().create_future()
        self._receivers.append(receiver)
        self._changed.set()
        try:
            return await receiver
        except asyncio.CancelledError:
            # Cancelled in the moment between being served and waking up: somebody else shall have it.
            if receiver.done() and not receiver.cancelled() and (delivery := receiver.result()) is not None:
                self._put_back(delivery.position)
            raise

    @override
    async def acknowledge(self, delivery: Delivery) -> None:
        """Returns once a commit that carries it was made or refused; a refused one is made up for by the next."""
        if self._dispatch.finish(delivery.position):
            await self._confirmed(delivery)

    @override
    async def retry(self, delivery: Delivery) -> None:
        """Returns as `acknowledge` does."""
        if self._dispatch.retry(delivery.position):
            await self._confirmed(delivery)

    @override
    async def put_back(self, delivery: Delivery) -> None:
        if self._dispatch.put_back(delivery.position, behind=True):
            await self._confirmed(delivery)

    @override
    def stop(self) -> None:
        self._stopped = True
        while self._receivers:
            receiver = self._receivers.popleft()
            if not receiver.done():
                receiver.set_result(None)

    @override
    async def close(self, lost: Collection[Delivery] = ()) -> None:
        if self.closed:
            return
        self.stop()
        self._leaving.set()
        self._changed.set()
        if self._task is not None:
            await asyncio.wait({self._task})  # a caller that runs out of time must not cancel it
        self.closed = True
        self._dispatch.release_all({delivery.position for delivery in lost})
        self._uncommitted = {at.partition for at in self._partitions}
        if not await self._commit():
            _log.error("the last commit failed: what was in flight will count as an attempt")
        _resolve(self._confirmations)

    async def _confirmed(self, delivery: Delivery) -> None:
        self._touch(delivery.position)
        if not self.closed and self._task is not None:
            confirmation = asyncio.get_running_loop().create_future()
            self._confirmations.append(confirmation)
            await confirmation

    def _put_back(self, position: RequestPosition) -> None:
        self._dispatch.put_back(position)
        self._touch(position)

    def _touch(self, position: RequestPosition) -> None:
        self._uncommitted.add(position.partition)
        self._changed.set()

    async def _run(self) -> None:
        failures = 0
        with self._log.heard(self._changed.set):
            while not self._leaving.is_set():
                self._changed.clear()
                if await self._step():
                    failures = 0
                    await self._changed.wait()
                else:
                    seconds = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                    failures += 1
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._leaving.wait(), seconds)

    async def _step(self) -> bool:
        """Start what may start and somebody waits for, in one commit with what was acknowledged; False: try again."""
        fetched = await self._fetch()
        starts = self._name()
        confirmations, self._confirmations = self._confirmations, []
        committed = await self._commit()
        _resolve(confirmations)
        for start in starts:
            receiver = self._receiver() if committed else None
            if receiver is None:
                self._put_back(start.position)
            else:
                receiver.set_result(_delivery(start))
        return fetched and committed

    async def _fetch(self) -> bool:
        for at in self._partitions:
            while (room := self._dispatch.room(at.partition)) and self._dispatch.position(
                at.partition
            ) < self._log.ends[at]:
                since = self._dispatch.position(at.partition)
                try:
                    rows = await self._log.read(at, since, room)
                except LogUnavailableError:
                    return False
                if not rows:  # retention has taken all up to the end
                    break
                for row in rows:
                    self._dispatch.arrive(at.partition, row.offset, row, since)
        return True

    def _name(self) -> list[Start[Row]]:
        """At most one delivery for each that waits."""
        waiting = sum(not receiver.done() for receiver in self._receivers)
        starts: list[Start[Row]] = []
        while len(starts) < waiting and (start := self._dispatch.next()) is not None:
            starts.append(start)
            self._uncommitted.add(start.position.partition)
        return starts

    async def _commit(self) -> bool:
        partitions, self._uncommitted = self._uncommitted, set()
        windows = {partition: self._dispatch.window(partition) for partition in partitions}
        states = {partition: (window.prefix, encode_window(window)) for partition, window in windows.items()}
        try:
            if states:
                await self._log.commit(states)
        except LogUnavailableError:
            self._uncommitted |= partitions
            return False
        return True

    def _receiver(self) -> asyncio.Future[Delivery | None] | None:
        """Who has waited longest, and still does."""
        while self._receivers:
            receiver = self._receivers.popleft()
            if not receiver.done():
                return receiver
        return None

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A bug must be heard, not leave its callers waiting."""
        if not task.cancelled() and (error := task.exception()) is not None:
            while (receiver := self._receiver()) is not None:
                receiver.set_exception(error)
        _resolve(self._confirmations)


def _resolve(confirmations: list[asyncio.Future[None]]) -> None:
    for confirmation in confirmations:
        if not confirmation.done():
            confirmation.set_result(None)


def _restored(prefix: int, metadata: str) -> Window:
    window = decode_window(prefix, metadata)
    if window is None:
        _log.warning("the committed state of the jobs is of an unknown version: what was in flight has attempt 1 again")
    return window or Window(prefix)


def _delivery(start: Start[Row]) -> Delivery:
    row = start.record
    return Delivery(start.position, start.attempt, row.key, row.value, decode_or_none(row.value, JobRequest))
