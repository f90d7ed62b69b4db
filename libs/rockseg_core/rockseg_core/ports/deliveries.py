from collections.abc import Collection
from typing import Protocol

from rockseg_core.domain.delivery import Delivery


class DeliverySource(Protocol):
    """A worker's share of `rockseg.jobs`: at least once, and each attempt on record before it starts (design §6)."""

    async def receive(self) -> Delivery | None:
        """The next delivery that may start; waits for one. None once `stop` was called.

        It is durably named as in flight, with its attempt, before this returns. A suspect comes only when nothing else
        is in flight, and nothing comes beside it. At most 8 of a partition are in flight at once.
        """
        ...

    async def acknowledge(self, delivery: Delivery) -> None:
        """Its outcome is published: it never comes again. Harmless for a delivery that is no longer ours."""
        ...

    async def retry(self, delivery: Delivery) -> None:
        """The job failed here while the worker is sound: it comes again, alone, with attempt + 1."""
        ...

    async def put_back(self, delivery: Delivery) -> None:
        """It cannot go on now, of which it is innocent: it comes again with the attempt that it has.

        It comes behind others, so that none of them waits while it waits for a part that is away.
        """
        ...

    def note_waiting(self, delivery: Delivery, waiting: bool) -> None:  # noqa: ARG002  # most need not know
        """A step of it waits for a part that is away (True), or no longer does (False), as often as there are steps.

        Whoever gives partitions back does not wait for what waits so.
        """
        return

    def stop(self) -> None:
        """Hand out nothing more; what is in flight may still be acknowledged."""
        ...

    async def close(self, lost: Collection[Delivery] = ()) -> None:
        """Mark what is still in flight as released (it keeps its attempt), commit a last time, and leave.

        `lost` is not released: it comes again as if its owner had vanished, with attempt + 1. What is no longer in
        flight is passed over.
        """
        ...
