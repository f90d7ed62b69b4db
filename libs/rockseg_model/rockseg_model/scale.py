"""At which size the network looks at a photo."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from rockseg_core.domain.arrays import Pixels
from rockseg_core.domain.errors import UsageError
from rockseg_core.domain.job import JobOptions
from rockseg_model.tiling import least_cover_area

MOST_ENLARGEMENT: Final = 1.5  # design §7: beyond it, a network sees blur that it was not trained on
FIRST_PASS_PIXELS: Final = 150_000
# A strip that is a little too long for one tile is reduced a little further: half the time, and much the same scale.
REDUCTIONS: Final = (1.0, 0.9, 0.8)
# What a pass may cost, in pixels of tiles. Photos are almost never near it: a strip of 30 000 × 1 is.
FIRST_PASS_TILE_PIXELS: Final = 2 << 20
SECOND_PASS_TILE_PIXELS: Final = 96 << 20  # 24 MP and their overlaps: 20 s on two cores

Shapes = Sequence[tuple[int, int]]


class Scale(NamedTuple):
    """`size` is (height, width) of the reduced or enlarged photo.

    `low_resolution`: the network wanted more pixels than there are; `reduced`: more than a pass may cost.
    """

    size: tuple[int, int]
    low_resolution: bool
    reduced: bool


def known_core_width(options: JobOptions) -> float | None:
    """Raises UsageError for a width that is no positive number."""
    width = options.known_core_width_px
    if width is not None and not 0 < width < math.inf:
        raise UsageError("the width of a core must be a number of pixels above 0")
    return width


def is_plausible(width_px: float, photo: tuple[int, int]) -> bool:
    """Whether a core may be so wide: no core is wider than the longer side of its photo."""
    return width_px <= max(photo)


def first_pass_size(photo: tuple[int, int], known: float | None, core_width_px: int, shapes: Shapes) -> tuple[int, int]:
    """0.15 MP at most; nothing is enlarged, nor shown larger than the second pass will show it."""
    scale = min(1.0, math.sqrt(FIRST_PASS_PIXELS / (photo[0] * photo[1])))
    if known is not None:
        scale = min(scale, core_width_px / known)
    sizes = [_within(photo, scale * less, FIRST_PASS_TILE_PIXELS, shapes) for less in REDUCTIONS]
    return min(sizes, key=lambda size: least_cover_area(size, shapes))


def second_pass_scale(photo: tuple[int, int], width_px: float, core_width_px: int, shapes: Shapes) -> Scale:
    """Such that a core is `core_width_px` wide, if that takes no more than 1.5 ×."""
    wanted = core_width_px / width_px
    scale = min(wanted, MOST_ENLARGEMENT)
    size = _within(photo, scale, SECOND_PASS_TILE_PIXELS, shapes)
    return Scale(size, low_resolution=wanted > MOST_ENLARGEMENT, reduced=max(size) < 0.9 * scale * max(photo) - 1)


def resize(photo: Pixels, size: tuple[int, int]) -> Pixels:
    """Averages where it reduces, interpolates where it enlarges. Training must do the same."""
    if photo.shape[:2] == size:
        return photo
    shrinks = size[0] < photo.shape[0] or size[1] < photo.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(photo, (size[1], size[0]), interpolation=way).astype(np.uint8, copy=False)


def _within(photo: tuple[int, int], scale: float, most_tile_pixels: int, shapes: Shapes) -> tuple[int, int]:
    while True:
        size = max(1, round(photo[0] * scale)), max(1, round(photo[1] * scale))
        if max(size) == 1 or least_cover_area(size, shapes) <= max(most_tile_pixels, _largest(shapes)):
            return size
        scale *= 0.9


def _largest(shapes: Shapes) -> int:
    return max(height * width for height, width in shapes)
