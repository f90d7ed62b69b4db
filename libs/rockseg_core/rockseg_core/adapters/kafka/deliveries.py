import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from typing_extensions import override

from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries_assignment import Assignment
from rockseg_core.adapters.kafka.deliveries_committer import Committer
from rockseg_core.adapters.kafka.deliveries_desk import Desk
from rockseg_core.adapters.kafka.deliveries_events import Notice, unnoticed
from rockseg_core.adapters.kafka.deliveries_fetch import Fetching
from rockseg_core.adapters.kafka.deliveries_lookup import GroupLookup
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.adapters.kafka.refusals import told
from rockseg_core.adapters.kafka.unpacking import MOST_RECORDS
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.dispatch import Dispatch
from rockseg_core.ports.deliveries import DeliverySource
from rockseg_core.ports.feed import Topic

_log = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 2.0
LEAVE_SECONDS: Final = 2.5
CONNECT_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
FETCH_BYTES: Final = 64 * 1024  # of a partition at once: 16 records of the largest kind, and little to throw away


class KafkaDeliverySource(DeliverySource):
    """A worker in the consumer group of `rockseg.jobs` (design §6). It joins at the first `receive`."""

    def __init__(
        self, connection: KafkaConnection, settings: GroupSettings | None = None, notice: Notice = unnoticed
    ) -> None:
        """`notice` hears of what is worth counting."""
        self._connection, self._settings, self._notice = connection, settings or GroupSettings(), notice
        self._topic = connection.topics[Topic.JOBS]
        self._dispatch: Dispatch[ConsumerRecord] = Dispatch(self._settings.partition_window)
        self._desk = Desk()
        self._committer = Committer(self._dispatch, self._desk, self._settings, notice)
        self._lookup = GroupLookup(connection)
        self._consumer: AIOKafkaConsumer | None = None
        self._assignment: Assignment | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @override
    async def receive(self) -> Delivery | None:
        """Raises FatalError when the group is closed to this worker for good."""
        if self._desk.stopped:
            return None
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="rockseg-deliveries")
            self._task.add_done_callback(self._ended)
        elif self._task.done():
            self._task.result()  # raises what ended it
        receiver = self._desk.queue()
        self._committer.touch()
        try:
            return await receiver
        except asyncio.CancelledError:
            # Cancelled in the moment between being served and waking up: somebody else shall have it.
            if receiver.done() and not receiver.cancelled() and (delivery := receiver.result()) is not None:
                self._committer.put_back(delivery.position)
            raise

    @override
    async def acknowledge(self, delivery: Delivery) -> None:
        """Returns once a commit that carries it was made or refused; a refused one is made up for by the next."""
        if self._dispatch.finish(delivery.position):
            await self._committer.acknowledge(delivery.position)
        else:
            self._committer.touch()  # a suspect may have waited for the end of a job that is no longer ours

    @override
    async def retry(self, delivery: Delivery) -> None:
        """Returns as `acknowledge` does."""
        if self._dispatch.retry(delivery.position):
            await self._committer.confirm(delivery.position)
        else:
            self._committer.touch()

    @override
    async def put_back(self, delivery: Delivery) -> None:
        """Returns as `acknowledge` does."""
        if self._dispatch.put_back(delivery.position, behind=True):
            await self._committer.confirm(delivery.position)
        else:
            self._committer.touch()

    @override
    def note_waiting(self, delivery: Delivery, waiting: bool) -> None:
        self._committer.note_waiting(delivery.position, waiting)

    @override
    def stop(self) -> None:
        self._desk.stop()

    @override
    async def close(self, lost: Collection[Delivery] = ()) -> None:
        """Within `commit_seconds` and a few more, whatever the brokers do."""
        if self._closed:
            return
        self._closed = True
        self.stop()
        await self._settle(bool(lost))
        self._committer.leave()
        if self._assignment is not None:
            self._assignment.stop()
        await self._committer.last({delivery.position for delivery in lost})
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._leave()
        await self._lookup.close()

    async def _run(self) -> None:
        assignment, fetching = await self._join()
        self._committer.after_step = fetching.adjust
        committing = asyncio.create_task(self._committer.run(), name="rockseg-committer")
        polling = asyncio.create_task(fetching.run(), name="rockseg-poll")
        try:
            parts = [committing, polling, assignment.failed]
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in parts:
                if part.done():
                    part.result()
        finally:
            for task in (committing, polling):
                task.cancel()

    async def _join(self) -> tuple[Assignment, Fetching]:
        """Become a member; waits for brokers that are away."""
        tries = 0
        while True:
            consumer = self._consumer = AIOKafkaConsumer(**self._arguments())
            assignment = self._assignment = Assignment(
                consumer, self._topic, self._lookup, self._dispatch, self._committer, self._settings, self._notice
            )
            consumer.subscribe([self._topic], listener=assignment)
            try:
                await consumer.start()
            except (KafkaError, OSError) as error:
                _log.warning("waiting to join the group: %s", told(error))
                await closed(consumer.stop())
                await asyncio.sleep(CONNECT_RETRY_SECONDS[min(tries, len(CONNECT_RETRY_SECONDS) - 1)])
                tries += 1
            else:
                return assignment, Fetching(
                    consumer,
                    self._topic,
                    assignment,
                    self._dispatch,
                    self._committer,
                    self._settings.partition_window,
                    self._notice,
                )

    def _arguments(self) -> dict[str, Any]:
        group = self._settings
        # aiokafka keeps a member's last assignment on the assignor's class: a class for each member.
        assignor = type("WorkerAssignor", (StickyPartitionAssignor,), {})
        return self._connection.arguments(
            group_id=self._connection.settings.group_id,
            enable_auto_commit=False,
            auto_offset_reset="none",
            partition_assignment_strategy=(assignor,),
            session_timeout_ms=_ms(group.session_seconds),
            heartbeat_interval_ms=_ms(group.heartbeat_seconds),
            rebalance_timeout_ms=_ms(group.rebalance_seconds),
            max_poll_interval_ms=_ms(group.max_poll_interval_seconds),
            request_timeout_ms=_ms(group.rebalance_seconds + 10),  # a join may take as long as the slowest member
            max_partition_fetch_bytes=FETCH_BYTES,
            max_poll_records=MOST_RECORDS,
        )

    async def _settle(self, lost: bool) -> None:
        """Amid a rebalance, wait to have the partitions back: what ended meanwhile can be committed only then."""
        if self._assignment is not None and (lost or self._dispatch.ended):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._assignment.settled.wait(), SETTLE_SECONDS)

    async def _leave(self) -> None:
        if self._consumer is not None and not await closed(self._consumer.stop(), LEAVE_SECONDS):
            # All is released already; the group waits until the session ends before others have the partitions.
            _log.warning("could not leave the group in order")

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """A bug must be heard, not leave its callers waiting."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._desk.fail(error)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
