"""The submit form, read as it streams: multipart/form-data (RFC 7578) within bounds, the photo kept, nothing on disk.

Litestar's own form parsing is not used: it reads a whole body before it says anything of it.
"""

import asyncio
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from litestar.types import Receive
from multipart import (  # type: ignore[import-untyped] # it ships no py.typed
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from rockseg_api.http.draining import Drain
from rockseg_api.http.problems import RefusedError
from rockseg_api.http.upload_memory import UploadLease

FILE_FIELD: Final = "file"
OPTION_FIELDS: Final = frozenset({"mask_weight", "core_width_px", "px_per_mm", "core_mm"})

OVERHEAD_BYTES: Final = 1 << 20
"""What a form may have beside its photo: part headers, options, and fields that are ignored."""
MAX_PARTS: Final = 32
MAX_PART_HEADER_BYTES: Final = 2048  # a file name of 255 characters fits; the parser's time grows with its square
MAX_PART_HEADERS: Final = 8
MAX_OPTION_BYTES: Final = 256
MAX_CONTENT_TYPE_CHARACTERS: Final = 512
MAX_BOUNDARY_CHARACTERS: Final = 200  # RFC 2046 allows 70; some clients make longer ones

_TOO_MANY: Final = f"A form may have {MAX_PARTS} parts; send the photo and its options alone."
_LONG_HEADERS: Final = (
    f"A part of the form may have {MAX_PART_HEADERS} headers of {MAX_PART_HEADER_BYTES} bytes each; "
    "send a shorter file name, and no headers of your own."
)
_MALFORMED: Final = (
    "The multipart body cannot be read: each part begins with a line of `--` and the boundary, then its header "
    "`Content-Disposition: form-data; name=…` and an empty line, all lines ending in CR LF; "
    "let your HTTP library write the form."
)
_STAR_NAME: Final = re.compile(r";\s*filename\*\s*=", re.IGNORECASE)  # RFC 5987; the parser does not know it


@dataclass(frozen=True)
class FormLimits:
    photo_max_bytes: int
    seconds: float
    idle_seconds: float

    @property
    def body_max_bytes(self) -> int:
        return self.photo_max_bytes + OVERHEAD_BYTES


@dataclass
class SubmitForm:
    """What was sent: the photo's bytes, and the text of each option as often as it was given."""

    photo: bytes = b""
    options: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class FormHead:
    """What the headers say of the body; raises RefusedError where they alone are reason enough to refuse it."""

    boundary: str
    announced_bytes: int | None

    @classmethod
    def of(cls, headers: Mapping[str, str], limits: FormLimits) -> "FormHead":
        kind, options = parse_options_header(headers.get("content-type", "")[:MAX_CONTENT_TYPE_CHARACTERS])
        if kind != "multipart/form-data":
            raise RefusedError(
                "form_not_multipart",
                "Send the photo as multipart/form-data in a field `file`, for example: curl -F file=@core.jpg",
            )
        boundary = options.get("boundary", "")
        if not boundary or len(boundary) > MAX_BOUNDARY_CHARACTERS or not boundary.isascii():
            raise RefusedError(
                "form_malformed",
                "The Content-Type names no usable boundary; let your HTTP library set this header by itself.",
            )
        announced = headers.get("content-length", "")
        announced_bytes = int(announced) if announced.isdecimal() else None
        if announced_bytes is not None and announced_bytes > limits.body_max_bytes:
            raise photo_too_large(limits)
        return cls(boundary, announced_bytes)


def photo_too_large(limits: FormLimits) -> RefusedError:
    return RefusedError(
        "photo_too_large",
        f"A photo may have {limits.photo_max_bytes} bytes at most; send a smaller or more compressed one.",
        field=FILE_FIELD,
    )


async def read_form(
    receive: Receive, head: FormHead, limits: FormLimits, lease: UploadLease, drain: Drain
) -> SubmitForm:
    """Raises RefusedError as soon as anything is wrong; the rest of the body is then still unread."""
    reader = _FormReader(head, limits, lease)
    upload = asyncio.timeout(limits.seconds)
    try:
        async with upload:
            with drain.bound(upload):
                more = True
                while more:
                    async with asyncio.timeout(limits.idle_seconds):
                        message = await receive()
                    if message["type"] != "http.request":
                        raise RefusedError("upload_interrupted", "The upload was cut off.")
                    reader.feed(message["body"])
                    more = message["more_body"]
    except TimeoutError:
        if drain.over:
            raise RefusedError("shutting_down", "The service ended before the upload did; send it again.") from None
        if upload.expired():
            raise RefusedError("upload_too_slow", f"An upload may take {limits.seconds:g} seconds.") from None
        sentence = f"Nothing of the upload came for {limits.idle_seconds:g} seconds; send it again."
        raise RefusedError("upload_too_slow", sentence) from None
    return reader.finish()


class _FormReader:
    """The state between two chunks: which part they belong to, and what came of those before."""

    def __init__(self, head: FormHead, limits: FormLimits, lease: UploadLease) -> None:
        self._limits = limits
        self._lease = lease
        self._parser = PushMultipartParser(
            head.boundary,
            max_segment_count=MAX_PARTS,
            max_header_size=MAX_PART_HEADER_BYTES,
            max_header_count=MAX_PART_HEADERS,
            header_charset="latin-1",  # takes any byte: what a client calls its file, in what charset, is no matter
        )
        self._parts = 0
        self._form = SubmitForm()
        self._photo: io.BytesIO | None = None
        self._part: MultipartSegment | None = None
        self._option = bytearray()
        self._received = 0

    def feed(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._received > self._limits.body_max_bytes:
            raise RefusedError("form_too_large", "The form has too many bytes beside its photo.")
        if not chunk or self._parser.closed:
            return  # what stands behind the last boundary is no part of the form
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._end()
                else:
                    self._take(event)
        except ParserLimitReached:
            raise RefusedError("form_too_large", _TOO_MANY if self._parts >= MAX_PARTS else _LONG_HEADERS) from None
        except MultipartError:
            raise RefusedError("form_malformed", _MALFORMED) from None

    def finish(self) -> SubmitForm:
        try:
            self._parser.close()
        except MultipartError:
            sentence = "The multipart body ends before its last boundary; send the form whole, up to `--boundary--`."
            raise RefusedError("form_malformed", sentence) from None
        if self._photo is None:
            raise RefusedError("file_missing", "Send the photo in the form field `file`.", field=FILE_FIELD)
        self._form.photo = self._photo.getvalue()  # CPython hands the buffer over, without a copy
        if not self._form.photo:
            raise RefusedError("file_empty", "The photo has no bytes.", field=FILE_FIELD)
        return self._form

    def _begin(self, part: MultipartSegment) -> None:
        self._part = part
        self._parts += 1
        self._option.clear()
        if part.name != FILE_FIELD:
            return
        if not _is_file(part):
            sentence = "The field `file` came as text; send it as a file, for example: curl -F file=@core.jpg"
            raise RefusedError("file_missing", sentence, field=FILE_FIELD)
        if self._photo is not None:
            raise RefusedError("file_repeated", "Send one photo a request.", field=FILE_FIELD)
        self._photo = io.BytesIO()

    def _take(self, chunk: bytes) -> None:
        part = self._part
        if part is None:
            return
        if part.name == FILE_FIELD and self._photo is not None:
            if part.bytes_received > self._limits.photo_max_bytes:
                raise photo_too_large(self._limits)
            self._lease.hold(len(chunk))
            self._photo.write(chunk)
        elif part.name in OPTION_FIELDS:
            if part.bytes_received > MAX_OPTION_BYTES:
                raise RefusedError("option_invalid", f"`{part.name}` is too long for a number.", field=part.name)
            self._option += chunk

    def _end(self) -> None:
        part, self._part = self._part, None
        if part is not None and part.name in OPTION_FIELDS:
            text = self._option.decode("utf-8", errors="replace")
            self._form.options.setdefault(part.name, []).append(text)


def _is_file(part: MultipartSegment) -> bool:
    """A text field has neither a file's name nor, from nearly all clients, a type."""
    if part.filename is not None or part.content_type is not None:
        return True
    return _STAR_NAME.search(part.header("Content-Disposition", "")) is not None
