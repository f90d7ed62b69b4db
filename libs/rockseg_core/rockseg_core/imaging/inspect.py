"""The check at the API's door: what kind of photo this is, whether it is whole, and how large it will be."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rockseg_core.imaging import jpeg, png, refusals, tiff, webp
from rockseg_core.imaging.anatomy import Anatomy, PhotoFormat
from rockseg_core.imaging.sniff import sniff

_EXTENSIONS: Final = {
    PhotoFormat.JPEG: "jpg",
    PhotoFormat.PNG: "png",
    PhotoFormat.TIFF: "tif",
    PhotoFormat.WEBP: "webp",
}
_WALKS: Final[dict[PhotoFormat, Callable[[bytes, int], Anatomy]]] = {
    PhotoFormat.JPEG: jpeg.walk,
    PhotoFormat.PNG: png.walk,
    PhotoFormat.TIFF: tiff.walk,
    PhotoFormat.WEBP: webp.walk,
}
_NAMES: Final = {
    PhotoFormat.JPEG: "JPEG",
    PhotoFormat.PNG: "PNG",
    PhotoFormat.TIFF: "TIFF",
    PhotoFormat.WEBP: "WebP",
}


@dataclass(frozen=True)
class PhotoInfo:
    """A photo that may be stored and segmented; `width` and `height` in pixels as displayed (EXIF applied)."""

    format: PhotoFormat
    extension: str
    content_type: str
    width: int
    height: int


def inspect_photo(body: bytes, *, max_pixels: int) -> PhotoInfo:
    """Walk the file's structure without decoding it: below a millisecond for 1 MB, and no memory that counts.

    The content decides, never a name. Raises PhotoRefusedError, and nothing else for any bytes: `image_unreadable`,
    `image_truncated`, `image_multiframe`, `image_too_large` or `image_corrupt`. What only a decoder can see (a
    checksum, a broken Huffman code) is found by `decode_photo`.
    """
    anatomy = dissect(body, max_pixels)
    width, height = anatomy.displayed
    return PhotoInfo(anatomy.format, _EXTENSIONS[anatomy.format], f"image/{anatomy.format}", width, height)


def dissect(body: bytes, max_pixels: int) -> Anatomy:
    """The structure of a photo. Raises PhotoRefusedError, and nothing else for any bytes."""
    kind = sniff(body)
    try:
        return _WALKS[kind](body, max_pixels)
    except struct.error as error:  # a read beyond the end
        raise refusals.truncated(_NAMES[kind]) from error


def name_of(kind: PhotoFormat) -> str:
    return _NAMES[kind]
