"""Workers of a test in one process, and their sudden end."""

import asyncio

from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings

QUICK = GroupSettings(heartbeat_seconds=0.2, session_seconds=20, revoke_seconds=1)
"""A rebalance is noticed at once, and no busy machine lets a session expire."""


async def vanish(source: KafkaDeliverySource) -> None:
    """As SIGKILL does: nothing more is committed or released. The group hears at once, not after the session's end."""
    if source._closed:
        return
    source._closed = True
    source.stop()
    source._committer.leave()
    source._committer._ownership = None
    if source._assignment is not None:
        source._assignment.stop()
    if source._task is not None:
        source._task.cancel()
        await asyncio.wait([source._task])
    if source._consumer is not None:
        await source._consumer.stop()
    await source._lookup.close()
