"""Around the whole application: what is counted, HEAD, and how a request ends whose body nobody wanted to read.

A client that is refused while it sends must get its answer. Most read it only when they have sent all, and a server
that closes before resets their connection. So the answer goes out at once, with `Connection: close`, and what still
comes is read and dropped for a while (nginx calls it lingering close); then the connection ends.
"""

import asyncio
import time
from contextlib import ExitStack
from typing import Any, Final

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from rockseg_api.http.draining import Drain
from rockseg_api.http.failures import allowed_methods
from rockseg_api.http.pieces import PIECE_BYTES
from rockseg_api.http.problems import KINDS, problem_answer
from rockseg_api.metrics import ApiMetrics
from rockseg_core.domain import trace

LINGER_SECONDS: Final = 30.0  # nginx's lingering_time
LINGER_IDLE_SECONDS: Final = 5.0  # nginx's lingering_timeout
LINGER_BYTES: Final = 256 << 20  # several times the largest photo; 10 GB need not come to their end

AT_END: Final = "at_end"
"""In a request's state: an ExitStack for what it holds until its answer is sent, or cannot be."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})


class Edge:
    """The ASGI application that a server runs."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics, drain: Drain) -> None:
        self._app = app
        self._metrics = metrics
        self._drain = drain
        for code in KINDS:  # there at 0: a rate sees no first count that comes with the series
            metrics.refused.labels(code)

    async def __call__(self, any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope  # litestar types `type` by its own enum, and the lifespan's not at all
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        traceparent = trace.accepted(_header(scope, b"traceparent"))
        trace.current.set(traceparent)  # of this request's task alone
        structlog.contextvars.bind_contextvars(trace_id=trace.trace_id(traceparent))
        exchange = _Exchange(scope, receive, send)
        inner: Any = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        with ExitStack() as held:
            inner.setdefault("state", {})[AT_END] = held
            try:
                await self._app(inner, exchange.receive, exchange.send)
            except asyncio.CancelledError:  # uvicorn's, when the time to drain is over
                if not self._drain.draining:
                    raise
                inner["state"]["problem_code"] = "shutting_down"
                await exchange.cut_short()
            finally:
                self._count(inner, scope["method"], exchange.status, exchange.ended - began)

    def _count(self, scope: Any, method: str, status: int, seconds: float) -> None:
        route = scope.get("path_template") or "none"
        self._metrics.requests.labels(route, method if method in _METHODS else "other", str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        code = scope["state"].get("problem_code")
        if code is not None:
            self._metrics.refused.labels(code).inc()


def _header(scope: HTTPScope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


class _Exchange:
    """One request and its answer, and how much of the body is still to come."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._scope = scope
        self._head = scope["method"] == "HEAD"
        self._asks_options = scope["method"] == "OPTIONS"
        headers = dict(scope["headers"])
        self._unread = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        self._awaits_continue = headers.get(b"expect", b"").lower() == b"100-continue"
        self._lingers = False
        self._dropping = False
        self._ended = 0.0
        self.status = 0

    @property
    def ended(self) -> float:
        """When the last of the answer was sent; the lingering after it is no time that the client waits."""
        return self._ended or time.perf_counter()

    async def receive(self) -> Any:
        message = await self._receive()
        self._awaits_continue = False
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._asks_options:
                # Litestar's own answer lists what one handler of an address takes; an address may have several.
                kept = [(name, value) for name, value in message["headers"] if name != b"allow"]
                message["headers"] = [*kept, (b"allow", allowed_methods(self._scope).encode())]
            if self._unread:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
                # A client that waits for "100 Continue" has sent nothing and will not after another answer.
                self._lingers = not self._awaits_continue
            await self._send(message)
        elif message["type"] == "http.response.body":
            await self._send_body(b"" if self._head else message.get("body", b""), more=message.get("more_body", False))
        else:
            await self._send(message)

    async def cut_short(self) -> None:
        """Says why there is no answer; one that has begun breaks off, unless only a body to drop is left of it."""
        if not self.status:
            answer = problem_answer("shutting_down", "The service ended before it could answer; try again.")
            await answer.start_response(self.send)
            self._lingers = False
            await answer.send_body(self.send, self._receive)
        elif self._dropping:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        rest = list(range(PIECE_BYTES, len(body), PIECE_BYTES))
        for end in rest:
            await self._send_more(body[end - PIECE_BYTES : end])
        last = body[rest[-1] :] if rest else body
        if more:
            await self._send_more(last)
            return
        if self._lingers:
            await self._send_more(last)
            self._ended = time.perf_counter()
            self._dropping = True
            await self._linger()
            last = b""
        await self._send({"type": "http.response.body", "body": last, "more_body": False})

    async def _send_more(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)  # else a client that reads as fast as we send would have the loop for itself

    async def _linger(self) -> None:
        dropped = 0
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while self._unread and dropped < LINGER_BYTES:
                    async with asyncio.timeout(LINGER_IDLE_SECONDS):
                        message: Any = await self.receive()
                    dropped += len(message.get("body", b""))
        except TimeoutError:
            pass
