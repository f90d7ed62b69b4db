"""Errors as RFC 9457 problem details. This table is the one place where a code meets its HTTP status."""

import math
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from litestar.response.base import ASGIResponse

from rockseg_core.domain.errors import UsageError

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


class Kind(NamedTuple):
    """What every problem of one code has in common; `retry_after_seconds` is sent where trying again makes sense."""

    status: int
    title: str
    retry_after_seconds: int | None = None


KINDS: Final = MappingProxyType(
    {
        "bad_request": Kind(400, "The request is malformed"),
        "form_not_multipart": Kind(400, "The body is not multipart/form-data"),
        "form_malformed": Kind(400, "The multipart body cannot be read"),
        "upload_interrupted": Kind(400, "The connection ended before the body did"),
        "file_missing": Kind(400, "No photo in the form field `file`"),
        "file_empty": Kind(400, "The photo has no bytes"),
        "file_repeated": Kind(400, "More than one photo"),
        "option_invalid": Kind(400, "An option is out of range or not understood"),
        "idempotency_key_invalid": Kind(400, "The Idempotency-Key is not 1 to 255 printable ASCII characters"),
        "form_unknown": Kind(400, "No such form of a result"),
        "job_id_invalid": Kind(400, "The job id is not a UUID"),
        "api_key_missing": Kind(401, "No API key"),
        "api_key_unknown": Kind(401, "The API key is not known"),
        "not_found": Kind(404, "No such address"),
        "job_unknown": Kind(404, "No such job"),
        "method_not_allowed": Kind(405, "This address does not take that method"),
        "upload_too_slow": Kind(408, "The upload took too long"),
        "idempotency_key_spent": Kind(409, "The Idempotency-Key belongs to a job that is gone"),
        "job_gone": Kind(410, "The job was erased or has expired"),
        "photo_too_large": Kind(413, "The photo has too many bytes"),
        "form_too_large": Kind(413, "The form has too many or too large parts"),
        "image_unreadable": Kind(415, "Not an image type that is read here"),
        "image_truncated": Kind(422, "The image ends too early"),
        "image_multiframe": Kind(422, "The image has several frames or pages"),
        "image_too_large": Kind(422, "The image has too many pixels"),
        "image_corrupt": Kind(422, "The image cannot be decoded"),
        "idempotency_key_reused": Kind(422, "The Idempotency-Key was used for another photo or other options"),
        "head_too_large": Kind(431, "The request's headers are too long"),
        "rate_limited": Kind(429, "Too many submits with this key", 1),
        "too_many_unfinished": Kind(429, "Too many unfinished jobs of this tenant", 5),
        "internal_error": Kind(500, "A fault of the service"),
        "result_missing": Kind(500, "A finished job's result is not in the store"),
        "uploads_busy": Kind(503, "Too many uploads at once", 1),
        "render_busy": Kind(503, "Too many pictures are being drawn", 1),
        "answers_busy": Kind(503, "Too many results are being sent", 2),
        "connections_busy": Kind(503, "Too many connections", 1),
        "shutting_down": Kind(503, "This replica is ending", 1),
        "queue_too_long": Kind(503, "The queue is too long to take more", 60),
        "view_behind": Kind(503, "This replica is behind the log and cannot know yet", 1),
        "model_unknown": Kind(503, "No worker has named its model yet", 5),
        "store_unavailable": Kind(503, "The object store cannot be reached", 5),
        "store_busy": Kind(503, "Too many calls to the object store are under way", 1),
        "log_unavailable": Kind(503, "The log cannot be reached", 5),
    }
)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error's body. `status` is left out on purpose: clients read `status` of a job's body in a loop."""

    type: str
    title: str
    code: str
    detail: str = ""
    field: str | None = None
    request_id: str | None = None


class RefusedError(UsageError):
    """A request that the HTTP layer itself refuses; `field` names the form field, parameter or header at fault."""

    def __init__(
        self, code: str, sentence: str, *, field: str | None = None, retry_after_seconds: int | None = None
    ) -> None:
        if code not in KINDS:
            raise ValueError(code)
        super().__init__(sentence)
        self.code = code
        self.field = field
        self.retry_after_seconds = retry_after_seconds


_encode = msgspec.json.Encoder().encode


def problem_body(code: str, sentence: str = "", *, field: str | None = None, request_id: str | None = None) -> bytes:
    """The JSON of a problem of `code`, which must be in KINDS."""
    return _encode(Problem(f"urn:rockseg:problem:{code}", KINDS[code].title, code, sentence, field, request_id))


def problem_answer(
    code: str,
    sentence: str = "",
    *,
    field: str | None = None,
    request_id: str | None = None,
    retry_after_seconds: float | None = None,
    headers: dict[str, str] | None = None,
) -> ASGIResponse:
    """The response to a problem of `code`, which must be in KINDS."""
    kind = KINDS[code]
    sent = dict(headers or {})
    if (seconds := retry_after_seconds or kind.retry_after_seconds) is not None:
        sent["retry-after"] = str(math.ceil(seconds))
    if kind.status == 401:
        sent["www-authenticate"] = 'ApiKey realm="rockseg", header="api-key"'
    sent["cache-control"] = "no-store"
    body = problem_body(code, sentence, field=field, request_id=request_id)
    return ASGIResponse(body=body, status_code=kind.status, media_type=PROBLEM_MEDIA_TYPE, headers=sent)


def errors_table() -> str:
    """All codes with their statuses, as a Markdown table for the docs."""
    rows = ["| status | code | meaning | Retry-After |", "|---|---|---|---|"]
    for code, kind in sorted(KINDS.items(), key=lambda item: item[1].status):
        wait = "" if kind.retry_after_seconds is None else f"from {kind.retry_after_seconds} s"
        rows.append(f"| {kind.status} | `{code}` | {kind.title} | {wait} |")
    return "\n".join(rows) + "\n"
