"""What a client may set, from text to values; each refusal names the field and what it takes."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import parse_qsl
from uuid import UUID

from rockseg_api.http.problems import RefusedError
from rockseg_core.domain.job import JobId, JobOptions
from rockseg_core.domain.option_bounds import BOUNDS, check_options

ResultForm = Literal["json", "png", "mask", "confidence", "report"]
RESULT_FORMS: Final[tuple[str, ...]] = get_args(ResultForm)

WEIGHT_DECIMALS: Final = 3
MAX_NUMBER_CHARACTERS: Final = 64

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def submit_options(given: Mapping[str, Sequence[str]]) -> JobOptions:
    """The options of a submit form. Raises RefusedError and OptionInvalidError, both `option_invalid`."""
    weight = _number(given, "mask_weight")
    options = JobOptions(
        mask_weight=0.5 if weight is None else _rounded(weight),
        core_width_px=_number(given, "core_width_px"),
        px_per_mm=_number(given, "px_per_mm"),
        core_mm=_number(given, "core_mm"),
    )
    check_options(options)
    return options


@dataclass(frozen=True)
class ResultQuery:
    """In which form a result is wanted; no `weight` means the one given on submit."""

    form: ResultForm
    legend: bool
    weight: float | None


def result_query(query_string: bytes) -> ResultQuery:
    """Raises RefusedError `form_unknown` or `option_invalid`; parameters of other names are ignored."""
    if not query_string:
        return ResultQuery("json", legend=True, weight=None)
    given: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=32):
            given.setdefault(name, []).append(value)
    except ValueError:
        raise RefusedError("bad_request", "The query has too many parameters.") from None
    weight = _number(given, "mask_weight")
    return ResultQuery(
        _form(_single(given, "form")), _legend(_single(given, "legend")), None if weight is None else _rounded(weight)
    )


def job_id(text: str) -> JobId:
    """Raises RefusedError `job_id_invalid`."""
    if not _UUID.fullmatch(text):
        raise RefusedError("job_id_invalid", "A job id is a UUID such as 0b0f6a6e-6f0e-4c39-9a51-0f3f8f6f2a11.")
    return UUID(text)


def idempotency_key(header: str | None) -> str | None:
    """Raises RefusedError `idempotency_key_invalid`."""
    if header is not None and not _KEY.fullmatch(header):
        raise RefusedError(
            "idempotency_key_invalid",
            "An Idempotency-Key has 1 to 255 printable ASCII characters.",
            field="Idempotency-Key",
        )
    return header


def _form(text: str | None) -> ResultForm:
    match text:
        case None:
            return "json"
        case "json" | "png" | "mask" | "confidence" | "report":
            return text
        case _:
            raise RefusedError("form_unknown", f"`form` is one of {', '.join(RESULT_FORMS)}.", field="form")


def _legend(text: str | None) -> bool:
    if text is None:
        return True
    if text.lower() not in _BOOLEANS:
        raise RefusedError("option_invalid", "`legend` is true or false.", field="legend")
    return _BOOLEANS[text.lower()]


def _single(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = given.get(name, ())
    if len(values) > 1:
        raise RefusedError("option_invalid", f"`{name}` was given more than once.", field=name)
    return values[0] if values else None


def _number(given: Mapping[str, Sequence[str]], name: str) -> float | None:
    """A finite decimal number; `float` alone would take `nan`, `inf`, `1_0` and other scripts' digits."""
    text = _single(given, name)
    if text is None:
        return None
    bounds = BOUNDS[name]
    text = text.strip()
    value = float(text) if len(text) <= MAX_NUMBER_CHARACTERS and _NUMBER.fullmatch(text) else math.nan
    if not bounds.holds(value):
        sentence = f"`{name}` is a number from {bounds.low:g} to {bounds.high:g}."
        raise RefusedError("option_invalid", sentence, field=name)
    return value


def _rounded(weight: float) -> float:
    """Three decimals, and never a negative zero: both would give one request two digests."""
    return abs(round(weight, WEIGHT_DECIMALS))
