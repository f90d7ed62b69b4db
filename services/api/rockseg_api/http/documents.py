"""What the OpenAPI document says beyond what litestar reads off the handlers: form, parameters, errors, examples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from msgspec.structs import replace
from typing_extensions import override

from rockseg_api.http.answers import STALE_HEADER, JobAccepted, JobBody, JobResult
from rockseg_api.http.options import RESULT_FORMS
from rockseg_api.http.problems import KINDS, PROBLEM_MEDIA_TYPE, Problem
from rockseg_core.domain.option_bounds import BOUNDS
from rockseg_core.domain.report import Report

KEY_NEEDED: Final[Sequence[dict[str, list[str]]]] = ({"apiKey": []},)

# Examples are Structs: litestar leaves the nulls of a dict out of the document.
_QUEUED: Final = JobAccepted(UUID("0b0f6a6e-6f0e-4c39-9a51-0f3f8f6f2a11"), "queued")
_STARTED: Final = JobBody(
    job_id=_QUEUED.job_id,
    status="started",
    created_at=1760657042.69,
    started_at=1760657042.71,
    finished_at=None,
    error=None,
    result=None,
)
_FINISHED: Final = replace(
    _STARTED,
    status="finished",
    finished_at=1760657047.33,
    result=JobResult({"mudstone": (152, 223, 138)}, "iVBORw0KGgo…"),
)
_FAILED: Final = replace(
    _STARTED,
    status="failed",
    finished_at=1760657047.33,
    error="The worker crashed three times over this photo.",
    error_code="worker_crashed",
)
KEY_ERRORS: Final = ("bad_request", "api_key_missing", "api_key_unknown", "internal_error", "shutting_down")
"""Of every operation that asks for a key."""
_JOB_ERRORS: Final = (*KEY_ERRORS, "job_id_invalid", "job_unknown", "job_gone", "view_behind")


def answered(
    status: int, body: Any, description: str, errors: Iterable[str] = (), **example: Any
) -> dict[int, ResponseSpec]:
    """The success of an operation, and the problems of these codes grouped by their status."""
    examples = [Example(summary=name, value=value) for name, value in example.items()]
    return {
        status: ResponseSpec(body, generate_examples=False, description=description, examples=examples or None),
        **_problems(errors),
    }


def _problems(codes: Iterable[str]) -> dict[int, ResponseSpec]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=" ".join(f"`{code}`: {KINDS[code].title}." for code in group),
            media_type=PROBLEM_MEDIA_TYPE,
            examples=[
                Example(summary=code, value=Problem(f"urn:rockseg:problem:{code}", KINDS[code].title, code))
                for code in group
            ],
        )
        for status, group in sorted(by_status.items())
    }


SUBMIT_RESPONSES: Final[Mapping[int, ResponseSpec]] = answered(
    202,
    JobAccepted,
    "The job is durable.",
    (
        *KEY_ERRORS,
        "form_not_multipart",
        "form_malformed",
        "file_missing",
        "file_empty",
        "file_repeated",
        "option_invalid",
        "idempotency_key_invalid",
        "upload_too_slow",
        "idempotency_key_spent",
        "photo_too_large",
        "form_too_large",
        "image_unreadable",
        "image_truncated",
        "image_multiframe",
        "image_too_large",
        "image_corrupt",
        "idempotency_key_reused",
        "rate_limited",
        "too_many_unfinished",
        "queue_too_long",
        "uploads_busy",
        "view_behind",
        "store_unavailable",
        "store_busy",
        "log_unavailable",
    ),
    queued=_QUEUED,
)

READ_RESPONSES: Final[Mapping[int, ResponseSpec]] = answered(
    200,
    JobBody | Report,
    "The job. A finished one in the form asked for: JSON for `json` and `report`, a PNG for the others.",
    (
        *_JOB_ERRORS,
        "form_unknown",
        "option_invalid",
        "result_missing",
        "render_busy",
        "answers_busy",
        "store_unavailable",
        "store_busy",
    ),
    started=_STARTED,
    finished=_FINISHED,
    failed=_FAILED,
) | {304: ResponseSpec(None, generate_examples=False, description="The client has this result: see `ETag`.")}

ERASE_RESPONSES: Final[Mapping[int, ResponseSpec]] = answered(
    204, None, "The job is erased.", (*_JOB_ERRORS, "store_unavailable", "store_busy", "store_busy", "log_unavailable")
)


def _number(name: str, description: str, **more: Any) -> Schema:
    low, high = map(float, BOUNDS[name])
    return Schema(type=OpenAPIType.NUMBER, minimum=low, maximum=high, description=description, **more)


_WEIGHT: Final = _number(
    "mask_weight", "How much of the rock's colour the overlay shows over the photo; kept to 3 decimals.", default=0.5
)
_FORM: Final = Schema(
    type=OpenAPIType.OBJECT,
    required=["file"],
    properties={
        "file": Schema(
            type=OpenAPIType.STRING,
            format=OpenAPIFormat.BINARY,
            description="The photo: JPEG, PNG, TIFF (one page) or WebP. Its content decides, not its name.",
        ),
        "mask_weight": _WEIGHT,
        "core_width_px": _number(
            "core_width_px", "Pixels across one core in the photo as displayed; left out, it is measured in the photo."
        ),
        "px_per_mm": _number("px_per_mm", "The photo's scale; with `core_mm`, another way to say `core_width_px`."),
        "core_mm": _number("core_mm", "The core's diameter in millimetres; goes with `px_per_mm`."),
    },
)


def _parameter(name: str, place: str, schema: Schema, description: str) -> Parameter:
    return Parameter(name=name, param_in=place, schema=schema, description=description, required=place == "path")


_JOB_ID_PARAMETER: Final = _parameter(
    "job_id", "path", Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID), "As the submit answered it."
)


def _header(description: str, schema: Schema | None = None) -> OpenAPIHeader:
    return OpenAPIHeader(schema=schema or Schema(type=OpenAPIType.STRING), description=description)


_WAIT: Final = _header("Seconds to wait before trying again.", Schema(type=OpenAPIType.INTEGER, minimum=1))
_CHALLENGE: Final = _header("Names the header that takes the key.")
_STALE: Final = _header(
    "Present when the log could not be asked: the job may be further on than this says.",
    Schema(type=OpenAPIType.STRING, enum=["true"]),
)
_TAG: Final = _header("Of a finished job: names this form of the result, for `If-None-Match`.")


@dataclass
class KeyedOperation(Operation):
    """An operation that asks for a key; its refusals say in headers what is to be done."""

    def __post_init__(self) -> None:
        for status, response in (self.responses or {}).items():
            if status == "401":
                self.add_headers(status, {"WWW-Authenticate": _CHALLENGE})
            elif status in {"429", "503"} and isinstance(response, OpenAPIResponse):
                self.add_headers(status, {"Retry-After": _WAIT})

    def add_headers(self, status: str, headers: Mapping[str, OpenAPIHeader]) -> None:
        """To the response of that status."""
        response = (self.responses or {})[status]
        if isinstance(response, OpenAPIResponse):  # and no reference: litestar's types allow one
            response.headers = {**(response.headers or {}), **headers}


@dataclass
class SubmitOperation(KeyedOperation):
    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.request_body = RequestBody(
            required=True,
            description="Fields of other names are ignored.",
            content={"multipart/form-data": OpenAPIMediaType(schema=_FORM)},
        )
        self.parameters = [
            _parameter(
                "Idempotency-Key",
                "header",
                Schema(type=OpenAPIType.STRING, min_length=1, max_length=255),
                "Any text of your own; a submit repeated with it meets the same job instead of making another.",
            )
        ]


@dataclass
class ReadOperation(KeyedOperation):
    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.parameters = [
            _JOB_ID_PARAMETER,
            _parameter(
                "form",
                "query",
                Schema(type=OpenAPIType.STRING, enum=list(RESULT_FORMS), default="json"),
                "`json`: metadata with the overlay in base64. `png`: the overlay. `mask`: the class index per pixel. "
                "`confidence`: 0 to 255. `report`: shares, scale, model and warnings.",
            ),
            _parameter(
                "legend",
                "query",
                Schema(type=OpenAPIType.BOOLEAN, default=True),
                "Whether the overlay (`json`, `png`) has the legend beside it.",
            ),
            _parameter(
                "mask_weight", "query", _WEIGHT, "For `json` and `png`: another weight than the one given on submit."
            ),
            _parameter(
                "If-None-Match",
                "header",
                Schema(type=OpenAPIType.STRING),
                "Tags of results that the client has; 304 where this is one of them.",
            ),
        ]
        finished = (self.responses or {})["200"]
        image = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        finished.content["image/png"] = OpenAPIMediaType(schema=image)  # type: ignore[union-attr, index] # our own, above
        self.add_headers("200", {STALE_HEADER: _STALE, "ETag": _TAG})
        self.add_headers("304", {STALE_HEADER: _STALE, "ETag": _TAG})


@dataclass
class EraseOperation(KeyedOperation):
    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.parameters = [_JOB_ID_PARAMETER]
