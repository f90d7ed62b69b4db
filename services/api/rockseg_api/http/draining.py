"""How a replica ends: it lets requests come to their end, and tells those that will not why."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from typing_extensions import override

ANSWER_SECONDS: Final = 6.0
"""Of the time to drain, what is left for the answers to uploads that are too slow for it, and for their lingering."""


class Drain:
    """Whether this replica is about to end: the Service then sends it nothing new."""

    def __init__(self) -> None:
        self.draining = False
        self._ends_at: float | None = None
        self._uploads: set[asyncio.Timeout] = set()

    def end_uploads_in(self, seconds: float) -> None:
        """Those that are not whole by then time out."""
        self.draining = True
        self._ends_at = asyncio.get_running_loop().time() + max(0.0, seconds)
        for upload in self._uploads:
            self._bring_forward(upload)

    @property
    def over(self) -> bool:
        """Whether the time for uploads has run out."""
        return self._ends_at is not None and asyncio.get_running_loop().time() >= self._ends_at

    @contextmanager
    def bound(self, upload: asyncio.Timeout) -> Iterator[None]:
        """Within the block, the end of this replica ends `upload` too."""
        self._uploads.add(upload)
        self._bring_forward(upload)
        try:
            yield
        finally:
            self._uploads.discard(upload)

    def _bring_forward(self, upload: asyncio.Timeout) -> None:
        at = upload.when()
        if self._ends_at is not None and (at is None or at > self._ends_at):
            upload.reschedule(self._ends_at)


class DrainingServer(uvicorn.Server):
    """uvicorn cancels what is under way when its time is over; uploads get their answer before."""

    def __init__(self, config: uvicorn.Config, drain: Drain, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._drain_seconds = drain_seconds

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._drain.end_uploads_in(self._drain_seconds - ANSWER_SECONDS)
        await super().shutdown(sockets)
