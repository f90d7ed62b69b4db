"""Who may in, decided on the headers alone: litestar calls guards before it or a handler asks for the body."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from rockseg_api.http.problems import RefusedError
from rockseg_api.keys import Caller, KeyFile
from rockseg_api.metrics import ApiMetrics
from rockseg_api.rate_limit import TokenBuckets
from rockseg_api.usecases.admission import Admission

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


def key_guard(keys: KeyFile) -> Guard:
    """Puts the Caller into the scope's `user`, which litestar shows as `request.user`."""

    async def require_key(connection: Connection, _: BaseRouteHandler) -> None:
        key = header(connection, b"api-key")
        if key is None:
            raise RefusedError("api_key_missing", "Send your key in the header `api-key`.")
        caller = keys.caller(key)
        if caller is None:
            raise RefusedError("api_key_unknown", "Check the header `api-key`; a key begins with rsk_.")
        connection.scope["user"] = caller

    return require_key


def rate_guard(buckets: TokenBuckets, metrics: ApiMetrics) -> Guard:
    """Stands after the key guard: each key has a bucket of its own."""

    async def limit_rate(connection: Connection, _: BaseRouteHandler) -> None:
        caller: Caller = connection.scope["user"]
        wait_seconds = buckets.take(caller.key_id)
        if wait_seconds:
            metrics.rate_limited.inc()
            raise RefusedError(
                "rate_limited", f"Try again in {wait_seconds} s, or send more slowly.", retry_after_seconds=wait_seconds
            )

    return limit_rate


def admission_guard(admission: Admission) -> Guard:
    """Stands after the key guard, and spares whom it refuses the upload.

    An Idempotency-Key may name a job that is in already, which adds none: that is seen once the photo is known.
    """

    async def admit(connection: Connection, _: BaseRouteHandler) -> None:
        caller: Caller = connection.scope["user"]
        if given_key(connection) is None:
            admission(caller.tenant)

    return admit


def header(connection: Connection, name: bytes, *, repeated: str = "bad_request") -> str | None:
    """The one header of that (lower case) name; raises RefusedError with the code `repeated` where it came twice.

    Reads the scope itself: litestar's Headers parse all, each time.
    """
    values = [value for key, value in connection.scope["headers"] if key == name]
    if len(values) > 1:
        sentence = f"The header `{name.decode()}` was sent more than once; send it once."
        raise RefusedError(repeated, sentence, field=name.decode())
    return bytes(values[0]).decode("latin-1") if values else None


def given_key(connection: Connection) -> str | None:
    """The Idempotency-Key as it was sent; raises RefusedError where it came twice."""
    return header(connection, b"idempotency-key", repeated="idempotency_key_invalid")
