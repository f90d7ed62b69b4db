import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from aiokafka.structs import ConsumerRecord

from rockseg_core.adapters.kafka.cloud_events import TRACEPARENT, header_of
from rockseg_core.adapters.kafka.deliveries_desk import Desk
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent, Notice
from rockseg_core.adapters.kafka.deliveries_ownership import Ownership, OwnershipLostError, States
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.adapters.kafka.unpacking import Unreadable
from rockseg_core.codec.commit_metadata import encode_window
from rockseg_core.codec.records import decode_or_none
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.dispatch import Dispatch, Start
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.records import JobRequest

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # between tries of a commit; the last for ever


class Committer:
    """The only code that commits, and hence the only one that starts deliveries (design §6).

    One commit is in flight at a time, over all partitions. What is to start and what was acknowledged since the last
    one go into it; a delivery is handed out once a commit that names it has succeeded.
    """

    def __init__(self, dispatch: Dispatch[ConsumerRecord], desk: Desk, settings: GroupSettings, notice: Notice) -> None:
        self._dispatch, self._desk, self._settings, self._notice = dispatch, desk, settings, notice
        self._ownership: Ownership | None = None
        self._starting = False
        self._leaving = False
        self._serving = False
        self._lock = asyncio.Lock()
        self._in_flight: asyncio.Future[None] | None = None
        self._uncommitted: set[int] = set()
        self._confirmations: list[asyncio.Future[None]] = []
        self._acknowledged: set[RequestPosition] = set()  # and not yet in a commit that has succeeded
        self._waiting: Counter[RequestPosition] = Counter()
        self._changed = asyncio.Event()
        self._hurried = asyncio.Event()
        self._ended = asyncio.Event()
        self.topic_ids: dict[int, str] = {}
        """Of each partition, as it was taken over: a commit must not pass for one of another life of the topic."""
        self.after_step: Callable[[], None] = lambda: None

    @property
    def ownership(self) -> Ownership | None:
        return self._ownership

    def open(self, ownership: Ownership) -> None:
        """Partitions were assigned: commits may go out again, and what is assigned to the dispatch may start."""
        if not self._leaving:
            self._ownership, self._starting = ownership, True
            self._hurried.set()

    def touch(self, *partitions: int) -> None:
        """These partitions differ from what is committed, or somebody new waits."""
        self._uncommitted.update(partitions)
        self._changed.set()

    async def acknowledge(self, position: RequestPosition) -> None:
        """The dispatch has finished it; returns as `confirm` does."""
        self._acknowledged.add(position)
        await self.confirm(position)

    async def confirm(self, position: RequestPosition) -> None:
        """Returns once a commit that carries what ended was made or refused; a refused one is made up for."""
        self.touch(position.partition)
        self._ended.set()
        if self._serving:
            confirmation = asyncio.get_running_loop().create_future()
            self._confirmations.append(confirmation)
            await confirmation

    def note_waiting(self, position: RequestPosition, waiting: bool) -> None:
        """One step more, or less, of it waits for a part that is away."""
        self._waiting[position] += 1 if waiting else -1
        if not self._waiting[position]:
            del self._waiting[position]
        self._ended.set()

    def put_back(self, position: RequestPosition) -> None:
        """It was named, and nobody took it."""
        self._dispatch.put_back(position)
        self.touch(position.partition)
        self._ended.set()

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        self._serving = True
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if await self._step():
                    failures = 0
                else:
                    await self._pause(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                    failures += 1
                    self._changed.set()
                self.after_step()
        finally:
            self._serving = False
            self._resolve()

    async def drain(self) -> None:
        """Start nothing more, and wait for what runs, for `revoke_seconds` at most; not for what itself waits."""
        self._starting = False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.revoke_seconds):
                while self._dispatch.running - self._waiting.keys() and not self._leaving:
                    self._ended.clear()
                    await self._ended.wait()

    def leave(self) -> None:
        """Wait for nothing that runs, and never open again."""
        self._leaving, self._starting = True, False
        self._ended.set()

    async def last(self, lost: Collection[RequestPosition] = ()) -> None:
        """Give back what runs, in one last commit within `commit_seconds`; commit nothing more until `open`.

        What is in `lost` is not given back: it counts as run by somebody who vanished.
        """
        self._starting = False
        try:
            async with asyncio.timeout(self._settings.commit_seconds), self._lock:
                if self._ownership is not None:
                    await self._give_back(self._ownership, lost)
        except TimeoutError:
            _log.warning("the last commit before the partitions go was not answered")
        finally:
            if self._in_flight is not None:
                self._in_flight.cancel()
            self._drop()

    async def _give_back(self, ownership: Ownership, lost: Collection[RequestPosition]) -> None:
        """What ends from here on is remembered by the dispatch: it cannot be part of this commit any more."""
        self._dispatch.release_all(lost)
        states = self._states(self._dispatch.partitions)
        for partition in states:
            self._dispatch.revoke(partition)
        while states:
            try:
                await self._commit(ownership, states)
            except LogUnavailableError:
                await asyncio.sleep(RETRY_SECONDS[0])
            except OwnershipLostError:
                self._notice(GroupEvent.LOST)
                return
            else:
                for partition in states:
                    self._dispatch.note_released(partition)
                return

    async def _step(self) -> bool:
        """One commit: what may start and somebody waits for, and what was acknowledged. False: try again later."""
        async with self._lock:
            ownership = self._ownership
            if ownership is None:
                self._resolve()
                return True
            starts = self._name() if self._starting else []
            confirmations, self._confirmations = self._confirmations, []
            committed = await self._commit_what_changed(ownership)
            _set(confirmations)
            for start in starts:
                ready = committed and self._starting and self._ownership is ownership
                if not (ready and self._desk.serve(_delivery(start))):
                    self.put_back(start.position)
            return committed

    def _name(self) -> list[Start[ConsumerRecord]]:
        """At most one delivery for each that waits."""
        waiting = self._desk.waiting
        starts: list[Start[ConsumerRecord]] = []
        while len(starts) < waiting and (start := self._dispatch.next()) is not None:
            starts.append(start)
            self._uncommitted.add(start.position.partition)
        return starts

    async def _commit_what_changed(self, ownership: Ownership) -> bool:
        partitions, self._uncommitted = self._uncommitted & set(self._dispatch.partitions), set()
        if not partitions:
            return True
        try:
            await self._commit(ownership, self._states(partitions))
        except LogUnavailableError:
            self._uncommitted |= partitions
            return False
        except OwnershipLostError:
            self._notice(GroupEvent.LOST)
            self._drop()
        return True

    async def _commit(self, ownership: Ownership, states: States) -> None:
        """A task of its own, which `last` can end without ending who waits for it."""
        acknowledged = {position for position in self._acknowledged if position.partition in states}
        self._in_flight = attempt = asyncio.ensure_future(ownership.commit(states))
        try:
            await asyncio.wait([attempt])
            _raise_what_ended(attempt)
            self._acknowledged -= acknowledged
        except LogUnavailableError as error:
            _log.warning("a commit of the jobs' state failed: %s", type(error.__cause__).__name__)
            self._notice(GroupEvent.COMMIT_FAILED)
            raise
        finally:
            attempt.cancel()
            self._in_flight = None

    def _states(self, partitions: "set[int] | list[int]") -> States:
        windows = {partition: self._dispatch.window(partition) for partition in partitions}
        return {
            partition: (window.prefix, encode_window(window, self.topic_ids.get(partition, "")))
            for partition, window in windows.items()
        }

    def _drop(self) -> None:
        """Nothing is ours any more: what runs goes on, and may be adopted."""
        self._ownership = None
        self._uncommitted = set()
        for partition in self._dispatch.partitions:
            self._dispatch.revoke(partition)
        self._dispatch.note_ended(self._acknowledged)
        self._acknowledged = set()
        self._resolve()
        self._ended.set()

    def _resolve(self) -> None:
        confirmations, self._confirmations = self._confirmations, []
        _set(confirmations)

    async def _pause(self, seconds: float) -> None:
        self._hurried.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), seconds)


def _set(confirmations: "list[asyncio.Future[None]]") -> None:
    for confirmation in confirmations:
        if not confirmation.done():
            confirmation.set_result(None)


def _raise_what_ended(attempt: "asyncio.Future[None]") -> None:
    if attempt.cancelled():
        raise LogUnavailableError
    attempt.result()


def _delivery(start: Start[ConsumerRecord]) -> Delivery:
    record = start.record
    request = decode_or_none(record.value, JobRequest)
    traceparent = header_of(record.headers, TRACEPARENT)
    end = record.end if isinstance(record, Unreadable) else None
    return Delivery(start.position, start.attempt, record.key, record.value, request, traceparent, end)
