"""The structure of a TIFF (TIFF 6.0, and BigTIFF): one page, every value and strip inside the file."""

import io
import warnings
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from rockseg_core.imaging import refusals
from rockseg_core.imaging.anatomy import Anatomy, PhotoFormat
from rockseg_core.imaging.exif import ORIENTATION, UPRIGHT
from rockseg_core.imaging.tiff_directory import Directory, TiffFile

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, _ROWS_PER_STRIP, _PLANAR = 277, 278, 284
_STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS = 273, 279, 324, 325
_TILE_WIDTH, _TILE_HEIGHT, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DNG_VERSION = 322, 323, 338, 339, 50706
_REDUCED: Final = 1  # NewSubfileType: a smaller copy of another page, which scanners add
_COMPRESSIONS: Final = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}  # none, CCITT, LZW, JPEG, deflate, PackBits
_MODES: Final = {"1", "L", "La", "LA", "P", "PA", "RGB", "RGBA", "YCbCr", "CMYK", "I;16", "I;16B"}
_WHITE_IS_ZERO: Final = 0
_MAX_SAMPLES: Final = 8
_MAX_PARTS: Final = 100_000  # strips or tiles; Pillow holds an object for each
_MAX_PAGES: Final = 64
# (photometric interpretation, samples) of 8 bits: what Pillow decodes right when its channels lie one after the other.
# Of the rest it shows 16 bits as stripes, and grey with alpha as noise.
_PLANAR_READ: Final = {(2, 3), (5, 4)}  # RGB, CMYK


def walk(body: bytes, max_pixels: int) -> Anatomy:
    """Raises PhotoRefusedError, or struct.error where the file ends within a directory."""
    file = TiffFile(body)
    if file.first == 16 and body[8:11] == b"CR\x02":
        raise refusals.unreadable("a camera's raw file")
    page, following = file.directory(file.first)
    if _DNG_VERSION in page or page.number(_SUBFILE, 0) & _REDUCED:
        raise refusals.unreadable("a camera's raw file")
    width, height = page.number(_WIDTH, 0), page.number(_HEIGHT, 0)
    refusals.check_size("TIFF", width, height, max_pixels)
    for _ in range(_MAX_PAGES):
        if not following:
            break
        further, following = file.directory(following)
        if not further.number(_SUBFILE, 0) & _REDUCED:
            raise refusals.multiframe("TIFF", "pages")
    else:
        raise refusals.multiframe("TIFF", "pages")
    _check_samples(page)
    _check_layout(page, big_endian=body.startswith(b"MM"))
    _check_parts(page, width, height, max_pixels, len(body))
    if sorted(open_page(body).size) != sorted((width, height)):
        raise refusals.corrupt("TIFF")
    orientation = page.number(ORIENTATION, UPRIGHT)
    return Anatomy(
        PhotoFormat.TIFF, width, height, orientation if 1 <= orientation <= 8 else UPRIGHT, ((0, len(body)),)
    )


def open_page(body: bytes) -> TiffImagePlugin.TiffImageFile:
    """Pillow's view of the header; nothing is decoded yet. Raises PhotoRefusedError.

    The plugin itself, not Image.open: that has a process-wide limit on pixels and tries other plugins.
    """
    # It warns of tags that make no sense. Set for good: there is no way to set it for a while that is safe on threads.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")
    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(body))
    except Exception as error:  # whatever a plugin raises on bytes that it was not made for
        raise refusals.unsupported("TIFF", "of an uncommon kind") from error
    if image.mode not in _MODES:
        raise refusals.unsupported("TIFF", "of an uncommon kind")
    return image


def is_white_zero(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Whether the value 0 is white, which Pillow leaves to its caller for 16-bit images."""
    return bool(image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)


def bits_of(image: TiffImagePlugin.TiffImageFile) -> int:
    return int(image.tag_v2.get(_BITS, (1,))[0])


def _check_samples(page: Directory) -> None:
    """Pillow makes tuples of these: their length is bounded before it sees them."""
    if page.number(_COMPRESSION, 1) not in _COMPRESSIONS:
        raise refusals.unsupported("TIFF", "compressed in an uncommon way")
    if page.number(_SAMPLES, 1) > _MAX_SAMPLES:
        raise refusals.unsupported("TIFF", "one of many channels")
    for tag in (_BITS, _EXTRA_SAMPLES, _SAMPLE_FORMAT):
        if len(page.numbers(tag)) > _MAX_SAMPLES:
            raise refusals.corrupt("TIFF")


def _check_layout(page: Directory, *, big_endian: bool) -> None:
    """What Pillow would decode into something else than what is there, or not at all."""
    samples, photometric, bits = page.number(_SAMPLES, 1), page.number(_PHOTOMETRIC, -1), page.numbers(_BITS)
    if (
        page.number(_PLANAR, 1) == 2
        and samples > 1
        and not ((photometric, samples) in _PLANAR_READ and set(bits) == {8})
    ):
        raise refusals.planar()
    if big_endian and photometric == _WHITE_IS_ZERO and set(bits) == {16}:
        raise refusals.unsupported("TIFF", "one of big-endian 16-bit values with 0 for white")


def _check_parts(page: Directory, width: int, height: int, max_pixels: int, file_bytes: int) -> None:
    """Every strip or tile that the picture needs is there, and ends inside the file."""
    tiled = _TILE_OFFSETS in page
    part_width = page.number(_TILE_WIDTH, 0) if tiled else width
    part_height = page.number(_TILE_HEIGHT, 0) if tiled else min(page.number(_ROWS_PER_STRIP, height), height)
    if part_width < 1 or part_height < 1 or part_width * part_height > max(max_pixels, 1 << 20):
        raise refusals.corrupt("TIFF")
    planes = page.number(_SAMPLES, 1) if page.number(_PLANAR, 1) == 2 else 1
    needed = -(-width // part_width) * -(-height // part_height) * planes
    offsets = page.numbers(_TILE_OFFSETS if tiled else _STRIP_OFFSETS)
    counts = page.numbers(_TILE_COUNTS if tiled else _STRIP_COUNTS)
    if len(offsets) != needed or len(counts) != needed:
        raise refusals.corrupt("TIFF")
    if needed > _MAX_PARTS:
        raise refusals.unsupported("TIFF", f"one of more than {_MAX_PARTS} strips")
    if _ends_beyond(offsets, counts, file_bytes):
        raise refusals.truncated("TIFF")


def _ends_beyond(offsets: NDArray[Any], counts: NDArray[Any], file_bytes: int) -> bool:
    starts, lengths = (
        offsets.astype(np.float64),
        counts.astype(np.float64),
    )  # uint64 would wrap; a double is near enough
    return bool(np.any(starts + lengths > file_bytes))
