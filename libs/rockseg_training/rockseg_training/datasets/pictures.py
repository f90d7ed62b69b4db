"""Files to arrays: photos as a viewer shows them, masks as the numbers that they hold."""

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rockseg_core.domain.arrays import Pixels
from rockseg_core.domain.errors import PhotoRefusedError
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.inspect import inspect_photo
from rockseg_training.datasets.errors import DatasetError

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})
MOST_PIXELS: Final = 256_000_000

Palette = Sequence[tuple[int, int, int]]


def photos_in(folder: Path) -> list[Path]:
    """In the order of their names, hidden ones left out. Raises DatasetError where two differ in their suffix only."""
    files = sorted(
        file for file in folder.glob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )
    for one, other in pairwise(files):
        if one.stem == other.stem:
            raise DatasetError(f"{one.name} and {other.name} in {folder} share one name: a mask could be either's.")
    return files


def read_photo(file: Path) -> Pixels:
    """(h, w, 3) uint8 RGB, EXIF applied. Raises DatasetError."""
    try:
        return decode_photo(_body(file), max_pixels=MOST_PIXELS)
    except PhotoRefusedError as error:
        raise DatasetError(f"{file} cannot be read: {error.sentence}") from error


def photo_size(file: Path) -> tuple[int, int]:
    """(height, width) as displayed, without decoding. Raises DatasetError."""
    try:
        info = inspect_photo(_body(file), max_pixels=MOST_PIXELS)
    except PhotoRefusedError as error:
        raise DatasetError(f"{file} cannot be read: {error.sentence}") from error
    return info.height, info.width


def read_mask(file: Path) -> tuple[NDArray[np.uint8], Palette | None]:
    """(h, w) uint8 of a palette or grey PNG, and the palette's colours where it has one. Raises DatasetError.

    OpenCV would give a palette's colours and not its indices; Pillow does not see a PNG that is cut off, so its
    structure is checked first.
    """
    body = _body(file)
    try:
        inspect_photo(body, max_pixels=MOST_PIXELS)
        image = Image.open(io.BytesIO(body))
        values = np.asarray(image)
    except (PhotoRefusedError, OSError, SyntaxError, ValueError) as error:
        said = error.sentence if isinstance(error, PhotoRefusedError) else "its pixels are broken."
        raise DatasetError(f"The mask {file} cannot be read: {said}") from error
    if values.ndim == 3 and (values[..., :1] == values[..., :3]).all():
        values = values[..., 0]  # grey, saved as colour
    if values.ndim == 3:
        raise DatasetError(f"The mask {file} is a colour picture; save it as a palette PNG, or with a class's number.")
    if values.min() < 0 or values.max() > 255:
        raise DatasetError(f"The mask {file} holds numbers above 255; a class has a number from 0 to 239.")
    flat = (image.getpalette("RGB") or []) if image.mode == "P" else []
    colours = [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat) - 2, 3)]
    return values.astype(np.uint8), colours or None


def _body(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DatasetError(f"{file} cannot be read ({error.strerror}).") from error
