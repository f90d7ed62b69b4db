"""The structure of a JPEG (ITU-T T.81, annex B): its segments, and its scans up to the end of the first image."""

import re
import struct
from collections.abc import Iterator
from typing import Final

from rockseg_core.imaging import refusals
from rockseg_core.imaging.anatomy import Anatomy, Essence, PhotoFormat
from rockseg_core.imaging.exif import UPRIGHT, orientation_of

_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # no stuffed byte, restart marker or fill byte
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP1, _APP14, _COM = 0xE1, 0xEE, 0xFE
_METADATA: Final = {*range(0xE1, 0xF0), _COM} - {_APP14}  # JFIF's (APP0) and Adobe's segments tell the colour space
_STANDALONE: Final = {0x01, *range(0xD0, 0xD8)}
_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_HUFFMAN: Final = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
# Bounds on work, not on photos: cameras write some 20 segments, progressive files some 10 scans, each of which costs
# a pass over the whole image.
_MAX_SEGMENTS: Final = 20_000
_MAX_SCANS: Final = 100


def walk(body: bytes, max_pixels: int) -> Anatomy:
    """The first image in `body`, which may be followed by anything: a camera's MPO holds more images after it.

    Those are never looked at, so an MPO cut within a later frame is read: its photo is complete. Raises
    PhotoRefusedError, or struct.error where the file ends within a segment's header.
    """
    essence, scans = Essence(), 0
    frame: tuple[int, int, int] | None = None
    orientation, adobe = None, False
    for marker, start, end in _segments(body):
        if marker in _FRAMES:
            if frame is not None:
                raise refusals.corrupt("JPEG")
            frame = _frame(body[start:end], max_pixels)
        elif marker == _APP1 and orientation is None and body[start + 4 : start + 10] == b"Exif\0\0":
            orientation = orientation_of(body[start + 4 : end])
        elif marker == _APP14 and body[start + 4 : start + 9] == b"Adobe":
            adobe = True
        elif marker == _SOS:
            scans += 1
            if frame is None or scans > _MAX_SCANS:
                raise refusals.corrupt("JPEG")
        if marker not in _METADATA:
            essence.keep(start, end)
    if frame is None or not scans:
        raise refusals.corrupt("JPEG")
    width, height, channels = frame
    return Anatomy(PhotoFormat.JPEG, width, height, orientation or UPRIGHT, essence.ranges(), channels, inverted=adobe)


def _segments(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment from SOI to the first EOI; a scan's ends where its data does.

    Bytes between segments are passed over, as libjpeg does.
    """
    yield _SOI, 0, 2
    position = 2
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(body, position)
        if found is None:
            raise refusals.truncated("JPEG")
        start = found.start()
        marker = body[start + 1]
        if marker == _SOI:
            raise refusals.corrupt("JPEG")
        position = start + 2 if marker == _EOI or marker in _STANDALONE else _segment_end(body, start)
        if marker == _SOS:
            position = _scan_end(body, position)
        if marker not in _STANDALONE:
            yield marker, start, position
        if marker == _EOI:
            return
    raise refusals.corrupt("JPEG")


def _segment_end(body: bytes, start: int) -> int:
    (length,) = struct.unpack_from(">H", body, start + 2)
    if length < 2:
        raise refusals.corrupt("JPEG")
    end: int = start + 2 + length
    if end > len(body):
        raise refusals.truncated("JPEG")
    return end


def _scan_end(body: bytes, start: int) -> int:
    found = _SCAN_END.search(body, start)
    if found is None:
        raise refusals.truncated("JPEG")
    return found.start()


def _frame(segment: bytes, max_pixels: int) -> tuple[int, int, int]:
    """Width, height, number of components of a frame header."""
    if len(segment) < 10:
        raise refusals.corrupt("JPEG")
    precision, height, width, channels = struct.unpack_from(">BHHB", segment, 4)
    if segment[1] not in _HUFFMAN:
        raise refusals.unsupported("JPEG", "lossless, arithmetic or hierarchical")
    if precision != 8:
        raise refusals.unsupported("JPEG", f"one of {precision} bits a channel")
    if channels not in {1, 3, 4}:
        raise refusals.corrupt("JPEG")
    refusals.check_size("JPEG", width, height, max_pixels)
    return width, height, channels
