"""A call in a thread that the event loop can end from outside: it shuts the socket that the thread waits on.

urllib3's time-outs are for each read and write, and `requests` in a thread cannot be cancelled: without this, a store
that drips, or a client that goes away, would hold a thread for minutes.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol


class Connection(Protocol):
    """What a call needs of an HTTP connection; `call` is whose it is now."""

    sock: socket.socket | None
    call: "Call | None"


class CallAbandonedError(OSError):
    """Nobody waits for this call's outcome any longer."""


_OWNERS: Final = threading.Lock()  # a connection that changes hands must not be shut for its last owner
_here: Final = threading.local()


class Call:
    def __init__(self, stall_seconds: float) -> None:
        self.stall_seconds = stall_seconds
        self._abandoned = threading.Event()
        self._connection: Connection | None = None

    @property
    def abandoned(self) -> bool:
        return self._abandoned.is_set()

    @contextmanager
    def in_this_thread(self) -> Iterator[None]:
        """Connections that this thread uses meanwhile are this call's."""
        _here.call = self
        try:
            yield
        finally:
            _here.call = None
            with _OWNERS:
                self._connection = None

    def takes(self, connection: Connection) -> None:
        """Called by a connection before it is used, and once it has a socket. Raises CallAbandonedError."""
        with _OWNERS:
            self._connection = connection
            connection.call = self
            if self._abandoned.is_set():
                raise CallAbandonedError

    def abandon(self) -> None:
        """From any thread: what it waits for fails at once, and it tries nothing more."""
        with _OWNERS:
            self._abandoned.set()
            connection = self._connection
            if connection is None or connection.call is not self or connection.sock is None:
                return
            with suppress(OSError):  # closed meanwhile
                # The plain socket's own: an SSLSocket's would pull its state from under the thread that reads.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Between two tries; shorter where the call is abandoned."""
        self._abandoned.wait(seconds)


def call_here() -> Call | None:
    """The call that this thread makes, if it makes one."""
    return getattr(_here, "call", None)
