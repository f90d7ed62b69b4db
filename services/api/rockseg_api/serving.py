"""HTTP until a signal: for `rockseg-api`, and for `rockseg up`, which runs a worker beside it."""

import asyncio
import errno
import signal
import socket
from collections.abc import Awaitable
from contextlib import nullcontext
from typing import Self, TypeVar

import uvicorn

from rockseg_api.bootstrap import ApiParts, http_server
from rockseg_api.settings import ApiSettings
from rockseg_core.domain.errors import SettingsError

T = TypeVar("T")
BACKLOG = 512


def listen(host: str, port: int, *, host_name: str = "ROCKSEG_HOST", port_name: str = "ROCKSEG_PORT") -> socket.socket:
    """A listening socket, taken before anything else starts; port 0 takes any.

    Raises SettingsError with the address and the name of the setting to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        other = host_name if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL else port_name
        raise SettingsError(
            f"Cannot listen on {url_host(host)}:{port} ({error.strerror}); choose another {other}."
        ) from error
    listener.listen(BACKLOG)
    return listener


def url_host(host: str) -> str:
    """As a URL writes it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


class Serving:
    """The API on its socket; `stopped` is set by SIGTERM and Ctrl-C, and whoever runs it decides what ends first."""

    def __init__(self, api: ApiParts, limits: ApiSettings, listener: socket.socket) -> None:
        self._api = api
        self._listener = listener
        self.stopped = asyncio.Event()
        self._server: uvicorn.Server = http_server(api, limits)
        # uvicorn would take the signals for itself and end before the worker has drained.
        self._server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]  # its hook

    async def __aenter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stopped.set)
        self.http: asyncio.Task[None] = asyncio.create_task(self._server.serve(sockets=[self._listener]), name="http")
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.drain()
        self._server.should_exit = True
        await self.http

    def drain(self) -> None:
        """Not ready any more: the Service sends nothing new."""
        self._api.drain.draining = True

    async def unless_stopped(self, work: Awaitable[T]) -> T | None:
        """What `work` gives or raises; None, and `work` is cancelled, once a signal came or HTTP ended before."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.create_task(self.stopped.wait())
        await asyncio.wait({task, stopped, self.http}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if task.done():
            return await task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None
