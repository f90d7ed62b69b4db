"""Records to bytes and back. Unknown fields are ignored, so that a newer writer stops no reader."""

from typing import Final, TypeVar

import msgspec

from rockseg_core.domain.errors import FatalError, RecordUndecodableError
from rockseg_core.domain.records import SCHEMA, JobEvent, JobRequest

MAX_RECORD_BYTES: Final = 4096

R = TypeVar("R", bound=JobRequest | JobEvent)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[JobRequest | JobEvent] = msgspec.json.Decoder(JobRequest | JobEvent)


def encode(record: JobRequest | JobEvent) -> bytes:
    """Raises FatalError beyond 4 KB, the contract's bound: photos and results travel by key."""
    value = _encoder.encode(record)
    if len(value) > MAX_RECORD_BYTES:
        raise FatalError(f"a record of {len(value)} bytes is more than the log takes ({MAX_RECORD_BYTES})")
    return value


def decode(value: bytes | None) -> JobRequest | JobEvent:
    """Raises RecordUndecodableError for no bytes or more than 4 KB, no JSON, an unknown tag, a value out of its bounds,
    or a schema beyond the next one.
    """
    if value is None:
        raise RecordUndecodableError("the record has no value")
    if len(value) > MAX_RECORD_BYTES:
        raise RecordUndecodableError("the record is longer than ours are")
    try:
        record = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordUndecodableError("the record is not a JobRequest or JobEvent") from error
    # Readers of version n accept n + 1: a release's readers go out before its writers.
    if not 1 <= record.schema <= SCHEMA + 1:
        raise RecordUndecodableError("the record's schema is unknown")
    return record


def decode_or_none(value: bytes | None, kind: type[R]) -> R | None:
    """The record, or None where the bytes are no record of the kind that belongs on their topic."""
    try:
        record = decode(value)
    except RecordUndecodableError:
        return None
    return record if isinstance(record, kind) else None
