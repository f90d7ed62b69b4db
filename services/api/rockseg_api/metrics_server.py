import asyncio
import errno
import socket
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

from rockseg_core.domain.errors import SettingsError


class MetricsServer:
    """/metrics on a port of its own, in a thread: it answers also while the event loop is at its limit."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        """`port` 0 turns it off."""
        self._host = host
        self._port = port
        self._registry = registry
        self._serving: tuple[WSGIServer, Thread] | None = None

    def open(self) -> None:
        """Before anything else starts, so that a taken port is one sentence: raises SettingsError."""
        if self._port == 0:
            return
        try:
            self._serving = start_http_server(self._port, self._host, self._registry)
        except OSError as error:
            of_the_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
            raise SettingsError(
                f"/metrics cannot listen on {self._host}:{self._port} ({error.strerror}); choose another "
                + ("ROCKSEG_METRICS_HOST." if of_the_host else "ROCKSEG_METRICS_PORT, or 0 for none.")
            ) from None

    async def close(self) -> None:
        """Harmless when it was never open."""
        if self._serving is not None:
            server, thread = self._serving
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            thread.join()
