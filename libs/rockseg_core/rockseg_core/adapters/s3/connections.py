"""urllib3's connections, made to obey a Call: see `call`."""

import io
import socket
import ssl
from typing import Any, Final

from typing_extensions import override
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

from rockseg_core.adapters.s3.call import Call, call_here
from rockseg_core.adapters.s3.profile import Profile

BLOCK_BYTES: Final = 1 << 18

# Whoever sits between forgets an idle connection without a word: then the next call would wait out its time-out.
SOCKET_OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
        if hasattr(socket, name)
    ),
)


class _Obedient(HTTPConnection):
    call: Call | None = None

    @override
    def _new_conn(self) -> socket.socket:
        """Connects; under TLS the handshake, which may hang, comes after this."""
        sock = super()._new_conn()
        self._belong_to_call(sock)
        return sock

    @override
    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        if self.sock is not None:
            self._belong_to_call(self.sock)
        super().request(method, url, body, headers, **options)

    @override
    def send(self, data: Any) -> None:
        """urllib3 sends under the *connect* time-out: 1 s would end every upload that a busy disk makes wait."""
        if self.sock is not None and self.call is not None:
            self.sock.settimeout(self.call.stall_seconds)
        super().send(data)

    def _belong_to_call(self, sock: socket.socket) -> None:
        if (call := call_here()) is not None:
            call.takes(self, sock)


class _ObedientTls(_Obedient, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Obedient


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _ObedientTls


class Connections(PoolManager):
    """`count` connections a host; no retries and no redirects here: both would hide what happened."""

    def __init__(self, profile: Profile, count: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            num_pools=4,
            maxsize=count,
            timeout=Timeout(connect=profile.connect_seconds, read=profile.stall_seconds),
            retries=False,
            blocksize=BLOCK_BYTES,
            socket_options=SOCKET_OPTIONS,
            ssl_context=tls,
        )
        self.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    @override
    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> BaseHTTPResponse:  # type: ignore[override]  # urllib3 types the keywords one by one
        """A large body goes in blocks: `sendall` of it in one would have to end within one time-out."""
        body = options.get("body")
        if isinstance(body, bytes) and len(body) > BLOCK_BYTES:
            options["body"] = io.BytesIO(body)
        return super().urlopen(method, url, redirect=False, **options)


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """The system's authorities, or the one in the file. Raises OSError (ssl.SSLError is one)."""
    return ssl.create_default_context(cafile=ca_file)
