"""/metrics of the worker's own process, and the last time that it is read; and /readyz, for a rollout to wait for."""

import errno
import socket
import threading
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, make_wsgi_app, start_http_server

from rockseg_core.domain.errors import SettingsError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SCRAPED_BY: Final = "HTTP_X_PROMETHEUS_SCRAPE_TIMEOUT_SECONDS"
"""Prometheus sends it with each scrape; a kubelet that looks whether the port answers does not."""

LAST_SECONDS: Final = 60.0
"""Prometheus' own default for a scrape's interval; most are asked more often."""


class MetricsServer:
    """Answers in threads of its own, also while the event loop is at its limit.

    /readyz is 503 until `ready` is set, and once the worker has given up. Nobody sends a worker anything: it is what
    keeps a rollout from going on with workers that find no model, no store or no broker.
    """

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        """`port` 0 turns it off."""
        self._host, self._port, self._registry = host, port, registry
        self._scraped = threading.Event()
        self.ready = threading.Event()

    def open(self) -> None:
        """Raises SettingsError when the port is taken."""
        if self._port == 0:
            return
        try:
            server, _ = start_http_server(self._port, self._host, self._registry)
        except OSError as error:
            of_the_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
            raise SettingsError(
                f"/metrics cannot listen on {self._host}:{self._port} ({error.strerror});"
                f" choose another ROCKSEG_METRICS_{'HOST' if of_the_host else 'PORT'}"
            ) from None
        server.set_app(self._by_path(self._noting(make_wsgi_app(self._registry))))

    def wait_for_scrape(self, seconds: float = LAST_SECONDS) -> None:
        """Until what was counted up to now has been read. A worker that gives up ends within a second or two, which
        Prometheus, that asks every 15 or 30, would nearly always miss: the reason would be on no graph and in no alert.
        """
        self.ready.clear()  # a rollout must not take one that has given up for one that works
        if self._port:
            self._scraped.clear()
            self._scraped.wait(seconds)

    def _by_path(self, metrics: "WSGIApplication") -> "WSGIApplication":
        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            if environ["PATH_INFO"] != "/readyz":
                return metrics(environ, start_response)
            status = HTTPStatus.OK if self.ready.is_set() else HTTPStatus.SERVICE_UNAVAILABLE
            start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain")])
            return [b"ok\n" if self.ready.is_set() else b"starting\n"]

        return answer

    def _noting(self, answer: "WSGIApplication") -> "WSGIApplication":
        def noting(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            def pieces() -> Iterator[bytes]:
                yield from answer(environ, start_response)
                if SCRAPED_BY in environ:  # after the last piece is written, so that the process may end
                    self._scraped.set()

            return pieces()

        return noting
