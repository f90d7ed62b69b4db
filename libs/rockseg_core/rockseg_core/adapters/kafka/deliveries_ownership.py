"""The right to commit: the one place that looks into aiokafka's coordinator."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.conn import CloseReason
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.domain.errors import LogUnavailableError

States = Mapping[int, tuple[int, str]]
"""Per partition: the offset to commit, and its metadata."""

_NOT_OURS = (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)


class OwnershipLostError(Exception):
    """The group has moved on: the partitions are, or will be, somebody else's."""


class Ownership:
    """What one generation of the group assigned to this worker, from the assignment on until the group moves on.

    `AIOKafkaConsumer.commit` will not do: it tries again in a loop and takes generation and member id anew each time
    (`GroupCoordinator.commit_offsets`), so a stale commit would go out as the next generation's; and after a session
    has expired it sends generation −1, which a broker *accepts* while the group is empty. So this asks the
    coordinator for one try, and compares its generation in the same turn of the event loop in which the request is
    built. `test_aiokafka_still_has_what_ownership_looks_into` holds on to these names.
    """

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, settings: GroupSettings) -> None:
        self._coordinator = consumer._coordinator  # noqa: SLF001  # see above
        self._connections = consumer._client._conns  # noqa: SLF001  # see `_hang_up`
        self._topic = topic
        self._settings = settings
        self._identity = self._present()

    @property
    def lost(self) -> bool:
        """Whether the coordinator has already heard that the group moved on."""
        return self._present() != self._identity

    async def commit(self, states: States) -> None:
        """One try. Raises OwnershipLostError, or LogUnavailableError: then it may have been done or not."""
        offsets = {TopicPartition(self._topic, p): OffsetAndMetadata(*state) for p, state in states.items()}
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._settings.commit_seconds):
                if self.lost:
                    raise OwnershipLostError
                await self._coordinator._do_commit_offsets(None, offsets)  # noqa: SLF001  # see above
        except _NOT_OURS as error:
            raise OwnershipLostError from error
        except (TimeoutError, asyncio.CancelledError) as error:
            self._hang_up()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise LogUnavailableError from error
        except (KafkaError, OSError) as error:
            raise LogUnavailableError from error
        # Who was stopped (SIGSTOP, a suspended machine) between request and answer may have been replaced since.
        if time.monotonic() - began > self._settings.session_seconds:
            raise OwnershipLostError

    def _hang_up(self) -> None:
        """Have the next request find the coordinator anew, over a new connection.

        aiokafka does so at its own time limit alone, which has to be longer than a rebalance: heartbeats would hang so
        long on a connection that went dead without a word, and the session would end.
        """
        at = (self._coordinator.coordinator_id, ConnectionGroup.COORDINATION)
        self._coordinator.coordinator_dead()
        connection = self._connections.get(at)
        if connection is not None:
            connection.close(reason=CloseReason.CONNECTION_TIMEOUT)

    def _present(self) -> tuple[int, str]:
        return self._coordinator.generation, self._coordinator.member_id


def membership_ended(consumer: AIOKafkaConsumer) -> bool:
    """Whether aiokafka's coordination task has died: then the consumer will never rejoin."""
    coordinator = consumer._coordinator  # noqa: SLF001  # no public call tells
    return coordinator is not None and bool(coordinator._coordination_task.done())  # noqa: SLF001  # as above
