import asyncio
from collections import deque

from rockseg_core.domain.delivery import Delivery


class Desk:
    """Those who wait for a delivery: first come, first served."""

    def __init__(self) -> None:
        self._receivers: deque[asyncio.Future[Delivery | None]] = deque()
        self.stopped = False

    @property
    def waiting(self) -> int:
        return sum(not receiver.done() for receiver in self._receivers)

    def queue(self) -> "asyncio.Future[Delivery | None]":
        """A place at the end of the queue; it holds None after `stop`."""
        receiver: asyncio.Future[Delivery | None] = asyncio.get_running_loop().create_future()
        if self.stopped:
            receiver.set_result(None)
        else:
            self._receivers.append(receiver)
        return receiver

    def serve(self, delivery: Delivery) -> bool:
        """Hand it to who has waited longest; False if nobody waits any more."""
        receiver = self._next()
        if receiver is not None:
            receiver.set_result(delivery)
        return receiver is not None

    def stop(self) -> None:
        self.stopped = True
        while (receiver := self._next()) is not None:
            receiver.set_result(None)

    def fail(self, error: BaseException) -> None:
        while (receiver := self._next()) is not None:
            receiver.set_exception(error)

    def _next(self) -> "asyncio.Future[Delivery | None] | None":
        while self._receivers:
            receiver = self._receivers.popleft()
            if not receiver.done():
                return receiver
        return None
