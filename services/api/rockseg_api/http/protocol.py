"""uvicorn's HTTP/1.1 protocol with what it lacks: bounds on heads and on idle peers, and refusals as problems."""

import asyncio
from typing import ClassVar, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from rockseg_api.http.connections import ConnectionLimits, unsent_bytes
from rockseg_api.http.problems import KINDS, PROBLEM_MEDIA_TYPE, problem_body

MAX_HEAD_BYTES: Final = 64 * 1024
"""httptools keeps a request's line and headers in memory however long they are; nginx allows 32 KiB, h11 64."""

LAST_REQUEST_SECONDS: Final = 1.0
"""How long a connection without a request waits for one more while this replica ends."""

_TOO_LONG: Final = f"A request's line and headers may have {MAX_HEAD_BYTES} bytes; send fewer or shorter ones."


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection whose client sends a head too long or too slowly, or does not take the answer it asked for.

    A client that opens connections and says nothing holds a file of ours; one that asks and does not read holds memory.
    """

    limits: ClassVar[ConnectionLimits]

    _unfinished_bytes = 0
    _head_bytes = 0
    _deaf = False
    _fault = "bad_request", ""
    _in_head = False
    _last = False
    _head_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.limits.idle[self] = None
        self._expect_head()
        if len(self.connections) > self.limits.most and not self.limits.make_room(self):
            self._refuse("connections_busy")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.limits.idle.pop(self, None)
        self._stop_expecting_head()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unfinished_bytes > MAX_HEAD_BYTES:  # of a head, or trailers, whose lines do not end
            self._refuse("head_too_large", _TOO_LONG)
        elif self._idle():  # its keep-alive time ended with the first byte
            self._expect_head()

    @override
    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    @override
    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value))
        super().on_header(name, value.strip(b" \t"))  # blanks around a value are no part of it (RFC 9110, 5.5)

    @override
    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() == "1.1" and [name for name, _ in self.headers].count(b"host") != 1:
            raise self._faulty("bad_request", "An HTTP/1.1 request has one header `Host`.")  # RFC 9112, 3.2
        self._unfinished_bytes = 0
        self._in_head = False
        self._stop_expecting_head()
        self.limits.idle.pop(self, None)
        super().on_headers_complete()
        if self._last:
            self.cycle.keep_alive = False

    @override
    def on_body(self, body: bytes) -> None:
        self._unfinished_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._unfinished_bytes = 0
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_flush()
        elif self._idle():
            self.limits.idle[self] = None
            if self._in_head:
                self._expect_head()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_flush()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall_timer is not None and not self.transport.is_closing():
            self._stall_timer.cancel()
            self._stall_timer = None

    @override
    def timeout_keep_alive_handler(self) -> None:
        self._close()

    @override
    def shutdown(self) -> None:
        """A request may be on its way over a connection that is kept: it is the last, and gets its answer."""
        self._last = True
        if self._idle():
            self.loop.call_later(LAST_REQUEST_SECONDS, self._end_unless_asked)
        else:
            super().shutdown()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(*self._fault)

    def give_way(self) -> bool:
        """Ends an idle connection at once; see `Idle`."""
        if self.transport.get_write_buffer_size():
            return False
        self.limits.idle.pop(self, None)
        self.transport.abort()
        return True

    def _idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation leaves out that it begins as None
        return (cycle is None or cycle.response_complete) and not self.pipeline

    def _end_unless_asked(self) -> None:
        if self._idle() and not self.transport.is_closing():
            self._close()

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.head_seconds, self._close)

    def _stop_expecting_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _count_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > MAX_HEAD_BYTES:
            raise self._faulty("head_too_large", _TOO_LONG)

    def _faulty(self, code: str, sentence: str) -> ValueError:
        """To raise in a callback: httptools gives up then, and uvicorn asks for an answer to a request that is none."""
        self._fault = code, sentence
        return ValueError(code)

    def _refuse(self, code: str, sentence: str = "") -> None:
        """Answers what cannot be read and ends the connection.

        Requests may be pipelined: while earlier ones are answered the fault is in a later one, and an answer to it now
        would be taken for theirs. Then they get their answers, and the connection ends after them.
        """
        if not self._idle():
            if self.pipeline or not self.cycle.more_body:
                self.cycle.keep_alive = False
                self._deaf = True
                return
            if self.cycle.response_started:  # the fault is in the body of the request that is being answered
                self._close()
                return
        kind, body = KINDS[code], problem_body(code, sentence)
        wait = "" if kind.retry_after_seconds is None else f"retry-after: {kind.retry_after_seconds}\r\n"
        head = f"content-type: {PROBLEM_MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n{wait}connection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[kind.status] + head.encode("ascii") + body)
        self._close()

    def _close(self) -> None:
        """A transport waits with its end until its client has taken all: this one does not wait for ever."""
        self.transport.close()
        self._watch_flush()

    def _watch_flush(self) -> None:
        if self._stall_timer is None:
            waiting = unsent_bytes(self.transport)
            self._stall_timer = self.loop.call_later(self.limits.stall_seconds, self._check_flush, waiting)

    def _check_flush(self, waiting_before: int) -> None:
        """While a transport is paused or closing, what waits in it can only become less."""
        self._stall_timer = None
        if unsent_bytes(self.transport) < waiting_before:
            self._watch_flush()
        else:
            self.transport.abort()


def bounded_http(limits: ConnectionLimits) -> type[BoundedHttp]:
    """The protocol under these limits: uvicorn makes one of that class for each connection."""
    return type("LimitedHttp", (BoundedHttp,), {"limits": limits})
