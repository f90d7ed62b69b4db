"""EXIF orientation (tag 274), read by hand: the one thing that rockseg takes from EXIF, at the cost of microseconds.

Orientation in XMP, or in a PNG's text, counts for few viewers and for none of the browsers: it does not count here.
"""

import struct
from typing import Final

ORIENTATION: Final = 0x0112
UPRIGHT: Final = 1
_UNSIGNED: Final = {1: "B", 3: "H", 4: "I"}  # TIFF 6.0: BYTE, SHORT, LONG


def orientation_of(exif: bytes) -> int:
    """1–8; 1 where there is none, or one that makes no sense: viewers show such a photo as it is stored."""
    exif = exif.removeprefix(b"Exif\0\0")  # belongs to JPEG's APP1; some writers put it into WebP and PNG too
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return UPRIGHT
    try:
        (ifd,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, ifd)
        for at in range(ifd + 2, ifd + 2 + 12 * entries, 12):
            tag, kind, count = struct.unpack_from(f"{order}HHI", exif, at)
            if tag == ORIENTATION and count == 1 and kind in _UNSIGNED:
                (value,) = struct.unpack_from(f"{order}{_UNSIGNED[kind]}", exif, at + 8)
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT
