"""A call in a thread that the event loop can end from outside: it shuts the socket that the thread waits on.

urllib3's time-outs are for each read and write, and `requests` in a thread cannot be cancelled: without this, a store
that drips, or a client that goes away, would hold a thread for minutes.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol


class Connection(Protocol):
    """What a call needs of an HTTP connection; `call` is whose it is now."""

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
        self._wake: socket.socket | None = None

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
                self._let_go()

    def takes(self, connection: Connection, sock: socket.socket) -> None:
        """Called by a connection, in the call's thread, before it is used. Raises CallAbandonedError.

        The call keeps a descriptor of its own: the connection's is another one during a TLS handshake, and closed
        while the last body of a connection is read.
        """
        with _OWNERS:
            self._let_go()
            if self._abandoned.is_set():
                raise CallAbandonedError
            self._connection, connection.call = connection, self
            self._wake = socket.socket(fileno=os.dup(sock.fileno()))

    def abandon(self) -> None:
        """From any thread: what it waits for fails at once, and it tries nothing more."""
        with _OWNERS:
            self._abandoned.set()
            if self._wake is not None and self._connection is not None and self._connection.call is self:
                with suppress(OSError):  # the other side was quicker
                    self._wake.shutdown(socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Between two tries; shorter where the call is abandoned."""
        self._abandoned.wait(seconds)

    def _let_go(self) -> None:
        if self._wake is not None:
            self._wake.close()
        self._wake = self._connection = None


def call_here() -> Call | None:
    """The call that this thread makes, if it makes one."""
    return getattr(_here, "call", None)
