"""uvicorn's HTTP/1.1 protocol with two things it lacks: a bound on heads and trailers, and refusals as problems."""

from typing import Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from rockseg_api.http.problems import KINDS, PROBLEM_MEDIA_TYPE, problem_body

MAX_HEAD_BYTES: Final = 64 * 1024
"""httptools keeps a request's line and headers in memory however long they are; nginx allows 32 KiB, h11 64."""


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection that sends more than MAX_HEAD_BYTES without beginning a body, or going on with one."""

    _unfinished_bytes = 0

    @override
    def data_received(self, data: bytes) -> None:
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._unfinished_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse("head_too_large")

    @override
    def on_headers_complete(self) -> None:
        self._unfinished_bytes = 0
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._unfinished_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._unfinished_bytes = 0
        super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse("bad_request")

    def _refuse(self, code: str) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation leaves out that it begins as None
        if cycle is None or cycle.response_complete or not cycle.response_started:
            body = problem_body(code)
            head = f"content-type: {PROBLEM_MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[KINDS[code].status] + head.encode("ascii") + body)
        self.transport.close()
