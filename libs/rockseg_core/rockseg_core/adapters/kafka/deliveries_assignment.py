import asyncio
import logging
from collections.abc import Collection, Coroutine
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError
from aiokafka.structs import ConsumerRecord, TopicPartition
from typing_extensions import override

from rockseg_core.adapters.kafka.deliveries_committer import Committer
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent, Notice
from rockseg_core.adapters.kafka.deliveries_lookup import GroupLookup, PartitionState
from rockseg_core.adapters.kafka.deliveries_ownership import Ownership
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.codec.commit_metadata import decode_topic_id, decode_window
from rockseg_core.domain.dispatch import Dispatch
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.window import Window

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # a coordinator that moves is back within a second or two
BEHIND_SECONDS: Final = 60.0  # longer than brokers take to agree on a leader


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka carries no types
    """Takes partitions over from who had them before, and gives them back.

    A partition is paused from its assignment until the group's offset and metadata of it are known: aiokafka's own
    positions are never used.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        lookup: GroupLookup,
        dispatch: Dispatch[ConsumerRecord],
        committer: Committer,
        settings: GroupSettings,
        notice: Notice,
    ) -> None:
        self._consumer, self._topic, self._lookup = consumer, topic, lookup
        self._dispatch, self._committer = dispatch, committer
        self._settings, self._notice = settings, notice
        self._tasks: set[asyncio.Task[None]] = set()
        self._moving: set[int] = set()
        self._short_since: dict[int, float] = {}
        self.settled = asyncio.Event()
        """Set while everything that is assigned to this worker has been taken over."""
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Holds the bug because of which a partition could not be taken over: it must not just lie there."""

    @override
    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Awaits nothing: aiokafka sends no heartbeat until this returns."""
        try:
            self._consumer.pause(*assigned)
        except Exception as error:
            self._fail(error)  # aiokafka would log it and go on
            raise
        self._moving = {tp.partition for tp in assigned}
        self.settled.clear()
        ownership = Ownership(self._consumer, self._topic, self._settings)
        self._committer.open(ownership)
        self._notice(GroupEvent.REBALANCED)
        _log.info("assigned partitions %s", sorted(tp.partition for tp in assigned))
        self._begin(self._take_over({tp.partition for tp in assigned}, ownership))

    @override
    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Awaited by aiokafka, which goes on with its heartbeats, before it joins the next generation."""
        self.stop()
        self.settled.clear()
        ownership = self._committer.ownership
        if ownership is not None and not ownership.lost:
            await self._committer.drain()
        await self._committer.last()
        _log.info("gave back partitions %s", sorted(tp.partition for tp in revoked))

    def stop(self) -> None:
        """Take over nothing more."""
        for task in self._tasks:
            task.cancel()

    def may_fetch(self, partition: int) -> bool:
        """Whether it has been taken over and stays where it is."""
        return partition not in self._moving

    def relocate(self, partition: int, position: int) -> None:
        """The log has no record at `position`: it begins behind it, or ends before."""
        if partition in self._dispatch.partitions and partition not in self._moving:
            ownership = self._committer.ownership
            if ownership is not None:
                self._moving.add(partition)
                self._consumer.pause(TopicPartition(self._topic, partition))
                self._begin(self._relocate(partition, position, ownership))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_exception(error)

    async def _take_over(self, partitions: set[int], ownership: Ownership) -> None:
        missing, tries = set(partitions), 0
        while missing:
            for partition, state in (await self._states(missing)).items():
                if self._committer.ownership is not ownership:
                    return
                if self._assign(partition, state):
                    missing.discard(partition)
                    self._fetch_from(partition)
            self._committer.touch(*(partitions - missing))
            if missing:
                if tries == len(RETRY_SECONDS):  # said once: it may take as long as a partition has no leader
                    _log.warning("partitions %s cannot be taken over yet", sorted(missing))
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
        self.settled.set()

    def _assign(self, partition: int, state: PartitionState) -> bool:
        """False where it has to wait: offsets that begin anew must not be taken for those of what still runs."""
        former_id = decode_topic_id(state.metadata)
        known = bool(former_id and state.topic_id)
        short = state.committed is not None and state.committed > state.end
        if known and former_id == state.topic_id and self._may_be_behind(partition, short=short):
            _log.warning("partition %d ends before what the group has committed of it: looking again", partition)
            return False
        anew = state.committed is None or short or (known and former_id != state.topic_id)
        if anew and self._dispatch.strays(partition):
            _log.warning("partition %d was made anew: it waits for what still runs of the former one", partition)
            return False
        self._committer.topic_ids[partition] = state.topic_id
        if state.committed is None or anew:
            self._dispatch.forget_ended(partition)
            self._dispatch.assign(partition, Window(state.beginning), state.beginning)
            if state.committed is not None:
                _log.error("partition %d is not the one whose offset was committed: it is read anew", partition)
                self._notice(GroupEvent.LOG_ANEW)
            return True
        window = decode_window(state.committed, state.metadata)
        if window is None:
            _log.warning("partition %d was committed by another version: what was in flight has attempt 1", partition)
            self._notice(GroupEvent.UNKNOWN_METADATA)
        if state.committed < state.beginning:
            self._notice(GroupEvent.RECORDS_GONE)
        self._dispatch.assign(partition, window or Window(state.committed), state.beginning)
        return True

    def _may_be_behind(self, partition: int, *, short: bool) -> bool:
        """Whether a leader who was deposed, and has not heard of it, told of so short a log: all would run again.

        Where it stays so short, the log has lost its end.
        """
        if not short:
            self._short_since.pop(partition, None)
            return False
        now = asyncio.get_running_loop().time()
        return now - self._short_since.setdefault(partition, now) < BEHIND_SECONDS

    async def _relocate(self, partition: int, position: int, ownership: Ownership) -> None:
        tries = 0
        while (state := (await self._states({partition})).get(partition)) is None:
            await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            tries += 1
        if self._committer.ownership is not ownership:
            return
        if position > state.end or state.topic_id != self._committer.topic_ids.get(partition, ""):
            self._dispatch.revoke(partition)
            await self._take_over({partition}, ownership)
            return
        if position < state.beginning:
            _log.error("retention took the records %d to %d of partition %d", position, state.beginning - 1, partition)
            self._notice(GroupEvent.RECORDS_GONE)
            self._dispatch.skip_to(partition, state.beginning)
            self._committer.touch(partition)
        self._fetch_from(partition)

    async def _states(self, partitions: set[int]) -> dict[int, PartitionState]:
        try:
            return dict(await self._lookup.states(partitions))
        except LogUnavailableError as error:
            _log.warning("the state of partitions %s is not known yet: %s", sorted(partitions), type(error.__cause__))
            self._notice(GroupEvent.LOOKUP_FAILED)
            return {}

    def _fetch_from(self, partition: int) -> None:
        at = TopicPartition(self._topic, partition)
        self._moving.discard(partition)
        try:
            self._consumer.seek(at, self._dispatch.position(partition))
            self._consumer.resume(at)
        except IllegalStateError:  # the group has moved on, and the next turn of the loop will hear of it
            self._dispatch.revoke(partition)
