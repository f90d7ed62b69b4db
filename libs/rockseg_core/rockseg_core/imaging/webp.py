"""The structure of a WebP (RFC 9649): RIFF chunks, with one picture in VP8 or VP8L and perhaps VP8X around it."""

import struct
from collections.abc import Iterator
from typing import Final

from rockseg_core.imaging import refusals
from rockseg_core.imaging.anatomy import Anatomy, PhotoFormat
from rockseg_core.imaging.exif import UPRIGHT, orientation_of

_ANIMATION, _ALPHA = 0x02, 0x10  # flags of VP8X
_MAX_CHUNKS: Final = 10_000


def walk(body: bytes, max_pixels: int) -> Anatomy:
    """Raises PhotoRefusedError, or struct.error where the file ends within a chunk's head."""
    (riff,) = struct.unpack_from("<I", body, 4)
    end = 8 + riff
    canvas: tuple[int, int] | None = None
    picture: tuple[int, int] | None = None
    alpha, orientation = False, None
    for name, data, length in _chunks(body, end):
        if name == b"VP8X" and canvas is None:
            canvas, alpha = _extended(body, data)
            refusals.check_size("WebP", *canvas, max_pixels)
        elif name in {b"ANIM", b"ANMF"}:
            raise refusals.multiframe("WebP", "frames")
        elif name in {b"VP8 ", b"VP8L"} and picture is None:
            picture, lossless_alpha = _lossy(body, data) if name == b"VP8 " else _lossless(body, data)
            refusals.check_size("WebP", *picture, max_pixels)
            alpha = alpha or (canvas is None and lossless_alpha)
        elif name == b"EXIF" and orientation is None:
            orientation = orientation_of(body[data : data + length])
    if picture is None or canvas not in {None, picture}:
        raise refusals.corrupt("WebP")
    return Anatomy(PhotoFormat.WEBP, *picture, orientation or UPRIGHT, ((0, end),), alpha=alpha)


def _chunks(body: bytes, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of the data and length of each chunk; a chunk that is cut off is handed out before it is refused."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > end:
            break
        name, length = struct.unpack_from("<4sI", body, position)
        yield name, position + 8, length
        position += 8 + length + length % 2
        if position > end + 1:  # some writers leave the last byte of padding out
            raise refusals.truncated("WebP") if end > len(body) else refusals.corrupt("WebP")
    if end > len(body):
        raise refusals.truncated("WebP")


def _extended(body: bytes, at: int) -> tuple[tuple[int, int], bool]:
    """Size of the canvas and whether it has alpha (RFC 9649, section 2.7)."""
    flags, canvas = struct.unpack_from("<B3x6s", body, at)
    if flags & _ANIMATION:
        raise refusals.multiframe("WebP", "frames")
    return (1 + int.from_bytes(canvas[:3], "little"), 1 + int.from_bytes(canvas[3:], "little")), bool(flags & _ALPHA)


def _lossy(body: bytes, at: int) -> tuple[tuple[int, int], bool]:
    """Width and height of a VP8 key frame (RFC 6386, section 9.1)."""
    start_code, width, height = struct.unpack_from("<3x3sHH", body, at)
    if start_code != b"\x9d\x01\x2a":
        raise refusals.corrupt("WebP")
    return (width & 0x3FFF, height & 0x3FFF), False


def _lossless(body: bytes, at: int) -> tuple[tuple[int, int], bool]:
    """Width, height and whether alpha is used of a VP8L image (RFC 9649, section 3.4)."""
    signature, bits = struct.unpack_from("<BI", body, at)
    if signature != 0x2F:
        raise refusals.corrupt("WebP")
    return (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)), bool(bits >> 28 & 1)
