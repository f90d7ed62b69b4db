"""How many connections one process has, and how long each may take over what costs its client nothing."""

import asyncio
import fcntl
import resource
import socket
import termios
from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

FILES_WHERE_UNLIMITED: Final = 10_240  # macOS says "unlimited" and allows this many


class Idle(Protocol):
    """A connection without a request under way."""

    def give_way(self) -> bool:
        """End at once; False, and nothing done, where an answer is still being sent."""
        ...


@dataclass
class ConnectionLimits:
    """`idle` holds the connections without a request, the longest idle first."""

    most: int
    head_seconds: float
    stall_seconds: float
    idle: dict[Idle, None] = field(default_factory=dict)

    def make_room(self, newcomer: Idle) -> bool:
        """End the connection that has been idle longest, other than `newcomer`; False where none is."""
        return any(waiting.give_way() for waiting in list(self.idle) if waiting is not newcomer)


def most_connections(wanted: int) -> int:
    """`wanted`, or half of the files that this process may open if that is less: store and log need some too.

    Raises the soft limit of open files to the hard one first.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES_WHERE_UNLIMITED if hard == resource.RLIM_INFINITY else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    except (ValueError, OSError):  # a sandbox may forbid it
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(wanted, files // 2)


def unsent_bytes(transport: asyncio.Transport) -> int:
    """What the client has yet to take: in the transport's buffer, and in the kernel's where that tells (tcp(7)).

    The kernel's may be 4 MB, and takes more only once a third of it is free: for minutes, on a slow line.
    """
    waiting = transport.get_write_buffer_size()
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is None or connection.fileno() < 0:
        return waiting
    queued = array("i", [0])
    with suppress(OSError):
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, queued)
    return waiting + queued[0]
