"""What a commit says beyond its offset (design §6): the rest of a Window, as text that fits the broker's limit.

JSON: `v` the version; `done` base64 of a bitmap whose bit i (least significant first) is the offset prefix + i;
`flight` a list of [offset - prefix, attempt, 1 if released]; `topic` the id of the topic, where the log has such ids:
offsets of a topic's former life say nothing of its present one.
"""

import base64
import binascii
from typing import Final

import msgspec

from rockseg_core.domain.window import InFlight, Window

VERSION: Final = 1
MAX_METADATA_BYTES: Final = 4000  # the broker's own limit (offset.metadata.max.bytes) is 4096


class _Version(msgspec.Struct):
    v: int


class _State(msgspec.Struct, omit_defaults=True):
    v: int
    done: str
    flight: list[tuple[int, int, int]]
    topic: str = ""


class _Topic(msgspec.Struct):
    topic: str = ""


_encoder = msgspec.json.Encoder()
_version = msgspec.json.Decoder(_Version)
_state = msgspec.json.Decoder(_State)
_topic = msgspec.json.Decoder(_Topic)


def encode_window(window: Window, topic_id: str = "") -> str:
    """Raises ValueError where it would not fit; `Dispatch` starts nothing that would bring a window there."""
    bitmap = bytearray((max(window.done, default=window.prefix - 1) - window.prefix) // 8 + 1)
    for offset in window.done:
        delta = offset - window.prefix
        bitmap[delta >> 3] |= 1 << (delta & 7)
    flight = [(offset - window.prefix, f.attempt, int(f.released)) for offset, f in sorted(window.in_flight.items())]
    text = _encoder.encode(_State(VERSION, base64.b64encode(bitmap).decode(), flight, topic_id)).decode()
    if len(text) > MAX_METADATA_BYTES:
        raise ValueError("the window does not fit the commit's metadata")
    return text


def decode_topic_id(metadata: str) -> str:
    """The id of the topic whose offset was committed; "" where the metadata does not tell."""
    try:
        return _topic.decode(metadata).topic
    except (msgspec.DecodeError, RecursionError):
        return ""


def decode_window(prefix: int, metadata: str) -> Window | None:
    """The window committed with the offset `prefix`; no metadata at all is a window with nothing beyond it.

    None where the metadata is of an unknown version, or none of ours: its reader then takes `Window(prefix)`, so that
    all that was in flight comes again with attempt 1, and counts the case.
    """
    if not metadata:
        return Window(prefix)
    try:
        if _version.decode(metadata).v != VERSION:
            return None
        state = _state.decode(metadata)
        bitmap = base64.b64decode(state.done, validate=True)
    except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError):
        return None
    done = {prefix + 8 * i + bit for i, byte in enumerate(bitmap) if byte for bit in range(8) if byte >> bit & 1}
    flight = {prefix + delta: InFlight(attempt, bool(released)) for delta, attempt, released in state.flight}
    sound = prefix not in done and not done & flight.keys()
    if not sound or any(delta < 0 or attempt < 1 for delta, attempt, _ in state.flight):
        return None
    return Window(prefix, done, flight)
