"""Pieces of what surrounds the core in real photos: foam, felt, card and rulers, in other places and tones."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.textures import mirrored_to, retoned

Scrap = NDArray[np.uint8]  # (h, w, 3) RGB

CORE_WIDTH_PX: Final = 160.0  # at which scraps are kept
TRIES: Final = 80  # a photo
MOST: Final = 16  # a photo
MOST_ENLARGED: Final = 2.0  # beyond it there is too little to see
SIZES: Final = (0.25, 1.6)  # core widths


def cut_scraps(
    rng: np.random.Generator, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], core_width_px: float
) -> list[Scrap]:
    """Rectangles of the photo (h, w, 3) that are background by its labels (h, w), at CORE_WIDTH_PX pixels a core.

    None of a photo that would have to be enlarged more than MOST_ENLARGED times.
    """
    zoom = CORE_WIDTH_PX / core_width_px
    if zoom > MOST_ENLARGED:
        return []
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(pixels, None, fx=zoom, fy=zoom, interpolation=way), np.uint8)
    size = small.shape[1], small.shape[0]
    # In the same way as the pixels: whatever colours a pixel is asked for its label.
    rock = np.asarray(cv2.resize((labels != 0).astype(np.float32), size, interpolation=way)) > 0
    total = cv2.integral(rock.astype(np.uint8))
    found: list[Scrap] = []
    for _ in range(TRIES):
        high, wide = (int(CORE_WIDTH_PX * np.exp(rng.uniform(*np.log(SIZES)))) for _ in range(2))
        if high >= size[1] or wide >= size[0] or len(found) == MOST:
            continue
        top, left = int(rng.integers(0, size[1] - high)), int(rng.integers(0, size[0] - wide))
        below, beside = top + high, left + wide
        if total[below, beside] - total[top, beside] - total[below, left] + total[top, left] == 0:
            found.append(small[top:below, left:beside].copy())
    return found


def scrap_face(
    rng: np.random.Generator, scraps: Sequence[Scrap], height: int, width: int, core_width_px: float
) -> Face:
    """(height, width, 3) float32: one of the scraps, turned by quarters, mirrored beyond its rim, in another tone."""
    scrap = np.rot90(scraps[int(rng.integers(len(scraps)))], int(rng.integers(4)))
    zoom = core_width_px / CORE_WIDTH_PX * float(np.exp(rng.normal(0, 0.2)))
    size = max(2, round(scrap.shape[1] * zoom)), max(2, round(scrap.shape[0] * zoom))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    face = np.asarray(cv2.resize(np.ascontiguousarray(scrap), size, interpolation=way), np.float32)
    first = int(rng.integers(0, max(1, size[1] - height + 1))), int(rng.integers(0, max(1, size[0] - width + 1)))
    return retoned(rng, mirrored_to(face[first[0] :][:height, first[1] :][:, :width], height, width))
