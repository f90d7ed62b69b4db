"""Every exception that leaves a handler or a guard becomes a problem here; nothing else of it reaches the client."""

import traceback
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import structlog
from litestar import Request
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.response.base import ASGIResponse
from litestar.types import ExceptionHandlersMap

from rockseg_api.http.problems import KINDS, problem_answer
from rockseg_core.domain.errors import RocksegError

AnyRequest = Request[Any, Any, Any]

log = structlog.get_logger("rockseg_api")


class Answered:
    """Litestar asks an exception handler for a Response and calls `to_asgi_response`; ours is one already."""

    def __init__(self, answer: ASGIResponse) -> None:
        self._answer = answer

    def to_asgi_response(self, **_: object) -> ASGIResponse:
        return self._answer


def known_error(request: AnyRequest, error: RocksegError) -> Any:
    """A RocksegError whose code is in the table; any other code is our fault, and its sentence stays inside."""
    if error.code not in KINDS or error.code == "internal_error":
        return unknown_error(request, error)
    request.scope["state"]["problem_code"] = error.code
    return Answered(
        problem_answer(
            error.code,
            error.sentence if error.sentence != error.code else "",
            field=getattr(error, "field", None),
            retry_after_seconds=getattr(error, "retry_after_seconds", None),
        )
    )


def litestar_error(request: AnyRequest, error: HTTPException) -> Any:
    """Litestar's own: an unknown address, a wrong method, and what its parsers refuse."""
    match error:
        case MethodNotAllowedException():
            code, sentence = "method_not_allowed", f"This address takes {allowed_methods(request.scope)}."
        case NotFoundException():
            code, sentence = "not_found", "See /schema for the addresses there are."
        case HTTPException(status_code=status) if status < 500:
            code, sentence = "bad_request", ""
        case _:
            return unknown_error(request, error)
    request.scope["state"]["problem_code"] = code
    headers = {"allow": allowed_methods(request.scope)} if code == "method_not_allowed" else None
    return Answered(problem_answer(code, sentence, headers=headers))


def allowed_methods(scope: Any) -> str:
    """What `Allow` must list (RFC 9110, 15.5.6); litestar's router knows it and does not tell."""
    path = scope["path"].rstrip("/").split("/")
    found: set[str] = set()
    for route in scope["litestar_app"].routes:
        parts = route.path_format.rstrip("/").split("/")
        if len(parts) == len(path) and all(map(_fits, parts, path)):
            found |= {str(method) for method in getattr(route, "methods", ())}
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


def _fits(part: str, segment: str) -> bool:
    return part.startswith("{") or part == segment


def unknown_error(request: AnyRequest, error: Exception) -> Any:
    """A bug. The log gets the type and the place, never the message: it may quote a key or a photo's bytes."""
    request_id = uuid4().hex
    place = traceback.extract_tb(error.__traceback__)[-3:]
    log.error(
        "request failed",
        request_id=request_id,
        error=type(error).__qualname__,
        cause=type(error.__cause__).__qualname__ if error.__cause__ else None,
        at=[f"{Path(frame.filename).name}:{frame.lineno}" for frame in place],
        path=request.scope.get("path_template"),
    )
    request.scope["state"]["problem_code"] = "internal_error"
    sentence = "It is logged under this request_id; trying again may help."
    return Answered(problem_answer("internal_error", sentence, request_id=request_id))


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    RocksegError: known_error,
    HTTPException: litestar_error,
    Exception: unknown_error,
}
