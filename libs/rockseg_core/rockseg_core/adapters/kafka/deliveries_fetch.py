import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord, TopicPartition

from rockseg_core.adapters.kafka.deliveries_assignment import Assignment
from rockseg_core.adapters.kafka.deliveries_committer import Committer
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent, Notice
from rockseg_core.adapters.kafka.deliveries_ownership import membership_ended
from rockseg_core.adapters.kafka.fetching import Batches, Reader
from rockseg_core.adapters.kafka.unpacking import next_offset
from rockseg_core.domain.dispatch import Dispatch
from rockseg_core.domain.errors import FatalError, LogUnavailableError

_log = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
UNPLACED_SECONDS: Final = 0.001  # aiokafka complains of each partition without an offset, and fetches none until then
RETRY_SECONDS: Final = 0.5


class Fetching:
    """The poll loop: brings records to the dispatch, and holds back the partitions that have plenty waiting.

    It waits for nothing but records: while everything is paused it keeps polling, or aiokafka would leave the group
    after `max_poll_interval_seconds`.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        assignment: Assignment,
        dispatch: Dispatch[ConsumerRecord],
        committer: Committer,
        limit: int,
        notice: Notice,
    ) -> None:
        self._consumer, self._topic, self._assignment = consumer, topic, assignment
        self._dispatch, self._committer, self._limit, self._notice = dispatch, committer, limit, notice

    async def run(self) -> None:
        """Until cancelled. Raises FatalError when aiokafka has given up the group, or fetching, for good."""
        reader = Reader(self._consumer)
        while True:
            since = self._positions()
            try:
                self._arrive(since, await reader.read(since, POLL_SECONDS))
            except NoOffsetForPartitionError:
                await asyncio.sleep(UNPLACED_SECONDS)
            except OffsetOutOfRangeError as error:
                for at, position in error.args[0].items():
                    self._assignment.relocate(at.partition, position)
            except LogUnavailableError as error:
                raise FatalError("the worker can fetch no more records") from error
            except KafkaError as error:
                _log.warning("fetching failed: %s", error)
                self._notice(GroupEvent.FETCH_FAILED)
                if membership_ended(self._consumer):
                    raise FatalError("the worker cannot be a member of its group") from error
                await asyncio.sleep(RETRY_SECONDS)

    def _positions(self) -> dict[TopicPartition, int]:
        """Where to read on, of what is ours, stays where it is, and is not about to be placed."""
        assigned = self._consumer.assignment()
        ours = {TopicPartition(self._topic, partition): partition for partition in self._dispatch.partitions}
        return {
            at: self._dispatch.position(partition)
            for at, partition in ours.items()
            if at in assigned and self._assignment.may_fetch(partition)
        }

    def adjust(self) -> None:
        """Pause what has plenty waiting, resume what has room again."""
        try:
            paused = {at.partition for at in self._consumer.paused()}
            for partition in self._dispatch.partitions:
                at, room = TopicPartition(self._topic, partition), self._dispatch.room(partition)
                if not room and partition not in paused:
                    self._consumer.pause(at)
                elif room >= self._limit and partition in paused and self._assignment.may_fetch(partition):
                    self._consumer.resume(at)
        except IllegalStateError:
            return  # between two assignments

    def _arrive(self, since: Mapping[TopicPartition, int], batches: Batches) -> None:
        now = self._positions()
        for at, records in batches.items():
            if at in now and now[at] == since.get(at):  # else it is read again, from where it stands now
                for record in records:
                    self._dispatch.arrive(at.partition, record.offset, record, since[at], next_offset(record))
        self.adjust()
        if batches:
            self._committer.touch()
