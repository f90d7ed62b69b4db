"""Random fields: the grain, mottling and waviness of rock, card and light."""

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def fractal(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    beta: float,
    stretch: tuple[float, float] = (1.0, 1.0),
    finest_px: float = 1.0,
) -> Field:
    """(height, width) of mean 0 and deviation 1 whose power falls as 1/f^beta.

    Value noise of octaves: a tenth of the cost of an FFT at odd sizes, and no wrap-around. `stretch` lengthens the
    cells along (y, x); nothing finer than `finest_px` is drawn.
    """
    total = np.zeros((height, width), np.float32)
    cell = finest_px
    while cell * 1.5 < max(height, width) or cell == finest_px:
        rows = max(2, int(height / (cell * stretch[0])) + 3)
        columns = max(2, int(width / (cell * stretch[1])) + 3)
        rows, columns = min(rows, height + 3), min(columns, width + 3)
        grid = rng.standard_normal((rows, columns), dtype=np.float32)
        total += cell ** ((beta - 2) / 2) * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cell *= 2.0
    return np.asarray((total - total.mean()) / (total.std() + 1e-6), np.float32)


def profile(rng: np.random.Generator, length: int, cell_px: float) -> Field:
    """(length,) of smooth noise, deviation about 1, whose bumps are `cell_px` long."""
    knots = rng.standard_normal(max(4, int(length / cell_px) + 4), dtype=np.float32)
    return np.asarray(cv2.resize(knots[:, None], (1, length), interpolation=cv2.INTER_CUBIC)[:, 0], np.float32)


def bedding(rng: np.random.Generator, height: int, width: int, *, dip: float, wave_px: float) -> Field:
    """(height, width): how deep in the rock, in pixels, each pixel lies; `dip` is a slope, `wave_px` a deviation."""
    depth = np.arange(height, dtype=np.float32)[:, None] + dip * (np.arange(width, dtype=np.float32) - width / 2)
    if wave_px > 0:
        coarse = max(4.0, width / 6)
        depth = depth + wave_px * fractal(rng, height, width, beta=3.0, stretch=(0.5, 2.0), finest_px=coarse)
    return depth.astype(np.float32)


def along(values: Field, depth: Field) -> Field:
    """The 1-D `values` looked up at each pixel's depth, mirrored beyond their ends; their middle is depth's middle."""
    length = len(values)
    at = depth - depth[depth.shape[0] // 2, depth.shape[1] // 2] + length / 2
    row = np.zeros_like(at)
    found = cv2.remap(values[None, :], at, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(found, np.float32)
