"""The structure of a PNG (PNG specification, third edition, chapter 5): its chunks, up to IEND."""

import struct
from typing import Final

from rockseg_core.imaging import refusals
from rockseg_core.imaging.anatomy import Anatomy, Essence, PhotoFormat
from rockseg_core.imaging.exif import UPRIGHT, orientation_of

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_DEPTHS: Final = {
    GREY: {1, 2, 4, 8, 16},
    RGB: {8, 16},
    PALETTE: {1, 2, 4, 8},
    GREY_ALPHA: {8, 16},
    RGB_ALPHA: {8, 16},
}
_PICTURE: Final = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_MAX_CHUNKS: Final = 100_000  # bounds the walk: 64 MiB in the 4 KiB chunks that some writers use are 16 384
_MAX_EXIF_BYTES: Final = 1 << 20


def walk(body: bytes, max_pixels: int) -> Anatomy:
    """Checksums are left to the decoder, except by way of the header's fields.

    Raises PhotoRefusedError, or struct.error where the file ends within a chunk's head.
    """
    essence, position, seen = Essence(), len(SIGNATURE), set[bytes]()
    essence.keep(0, position)
    width = height = depth = colour = 0
    key, orientation = None, None
    for _ in range(_MAX_CHUNKS):
        length, name = struct.unpack_from(">I4s", body, position)
        end = position + 12 + length
        if not seen:
            width, height, depth, colour = _header(name, length, body, position + 8, max_pixels)
        if end > len(body):
            raise refusals.truncated("PNG")
        data = position + 8
        if name == b"acTL" and length >= 4 and struct.unpack_from(">I", body, data) > (1,):
            raise refusals.multiframe("PNG", "frames")
        if name == b"eXIf" and orientation is None and length <= _MAX_EXIF_BYTES:
            orientation = orientation_of(body[data : data + length])
        if name == b"tRNS" and colour == GREY and length == 2:
            (key,) = struct.unpack_from(">H", body, data)
        if name in _PICTURE:
            essence.keep(position, end)
        seen.add(name)
        position = end
        if name == b"IEND":
            break
    if not {b"IDAT", b"IEND"} <= seen:
        raise refusals.corrupt("PNG")
    return Anatomy(
        PhotoFormat.PNG,
        width,
        height,
        orientation or UPRIGHT,
        essence.ranges(),
        alpha=colour in {GREY_ALPHA, RGB_ALPHA} or b"tRNS" in seen,
        colour_key=None if key is None else key * 255 // ((1 << depth) - 1) if depth < 8 else key,
    )


def _header(name: bytes, length: int, body: bytes, at: int, max_pixels: int) -> tuple[int, int, int, int]:
    """Width, height, bit depth, colour type."""
    if name != b"IHDR" or length != 13:
        raise refusals.corrupt("PNG")
    width, height, depth, colour = struct.unpack_from(">IIBB", body, at)
    refusals.check_size("PNG", width, height, max_pixels)
    if depth not in _DEPTHS.get(colour, ()):
        raise refusals.corrupt("PNG")
    return width, height, depth, colour
