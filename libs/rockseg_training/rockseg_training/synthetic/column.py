"""One core: beds of rock on each other, broken into pieces."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.marks import Face
from rockseg_training.synthetic.noise import fractal, profile
from rockseg_training.synthetic.rocks import paint

# Rocks that lie on each other: a core shows one company, now and then a stranger.
COMPANIES: Final = (
    (1, 2, 3, 7, 8, 9),
    (4, 5, 6, 11),
    (5, 11, 3),
    (1, 3, 7),
    (2, 8),
    (10, 9, 1),
    (6, 4),
    (7, 8, 2),
    (10, 2),
)
CORE_MM: Final = (47.6, 63.5, 85.0, 100.0, 133.0)  # NQ, HQ, PQ, and two oil-field sizes


@dataclass(frozen=True)
class Column:
    """A core standing upright: pixels (h, w, 3) float32, mask (h, w) uint8 with 0 where no rock is left."""

    pixels: Face
    mask: NDArray[np.uint8]


def draw_column(rng: np.random.Generator, height: int, width: int, *, whole: bool = False) -> Column:
    """Beds of at least 0.3 core widths; `whole` leaves out breaks and worn edges: rock to the rim."""
    core_mm = float(rng.choice(CORE_MM))
    pixels, mask = _beds(rng, height, width, core_mm)
    pixels = _relief(rng, pixels)
    if rng.random() < 0.5 or not whole:
        pixels = _cracks(rng, pixels, width)
    if not whole:
        mask = np.where(_pieces(rng, height, width) > 0, mask, 0).astype(np.uint8)
    return Column(pixels, mask)


def _beds(rng: np.random.Generator, height: int, width: int, core_mm: float) -> tuple[Face, NDArray[np.uint8]]:
    pixels, mask = np.empty((height, width, 3), np.float32), np.zeros((height, width), np.uint8)
    company = COMPANIES[rng.integers(len(COMPANIES))]
    single = rng.random() < 0.3
    across = np.arange(width, dtype=np.float32)
    top, last = np.full(width, -1.0, np.float32), 0
    while top.min() < height:
        index = int(rng.choice(company)) if rng.random() < 0.8 else int(rng.integers(1, 12))
        if index == last:
            continue
        thick = 4.0 * height if single else float(np.exp(rng.uniform(np.log(0.35), np.log(5.0)))) * width
        bottom = top.max() + thick + rng.normal(0, 0.06) * (across - width / 2)
        bottom += rng.choice([0.0, 0.01, 0.03]) * width * profile(rng, width, width / 5)
        first, end = max(0, int(top.min())), int(min(height, np.ceil(bottom.max()) + 1))
        if end > first:
            face = paint(rng, index, end - first, width, core_width_px=width, core_mm=core_mm)
            rows = np.arange(first, end, dtype=np.float32)[:, None]
            share = np.clip(rows - top + 0.5, 0, 1)[..., None]  # of each pixel that lies below the contact
            old = np.where(share < 1, pixels[first:end], 0)  # what is not painted yet may hold anything
            pixels[first:end] = np.where(share >= 1, face, old + share * (face - old))
            mask[first:end][share[..., 0] >= 0.5] = index
        top, last = bottom.astype(np.float32), index
    return pixels, mask


def _relief(rng: np.random.Generator, pixels: Face) -> Face:
    """A sawn face is flat; a whole core is a cylinder; some show a flank beside the sawn face."""
    height, width = pixels.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)
    kind = rng.random()
    if kind < 0.5:
        light = 1 - rng.uniform(0, 0.06) * x
    elif kind < 0.85:
        round_ = np.sqrt(np.clip(1 - (0.97 * (x - rng.uniform(-0.3, 0.3))) ** 2, 0.05, 1))
        light = 1 - rng.uniform(0.2, 0.7) * (1 - round_)
    else:
        edge = rng.uniform(0.6, 0.95)
        light = np.where(x * rng.choice([-1, 1]) > edge, rng.uniform(0.45, 0.85), 1.0)
    pixels = pixels * light[:, None].astype(np.float32)
    if rng.random() < 0.12:  # wet or sawn: a slow sheen
        sheen = np.clip(fractal(rng, height, width, beta=3.0, finest_px=width / 6) - 0.6, 0, 1.2)
        pixels = pixels + 30 * sheen[..., None]
    return pixels


def _cracks(rng: np.random.Generator, pixels: Face, width: int) -> Face:
    """Hairlines across the core, dark, and part of the rock."""
    drawing = np.clip(pixels, 0, 255).astype(np.uint8)
    height = len(drawing)
    for _ in range(rng.poisson(height / width * rng.choice([0.1, 0.5, 1.2]))):
        x = np.linspace(0, width, 12)
        y = rng.uniform(0, height) + rng.normal(0, 0.12) * (x - width / 2) + np.cumsum(rng.normal(0, width / 150, 12))
        grey = float(rng.uniform(5, 70))
        points = np.round(np.stack([x, y], 1) * 8).astype(np.int32)
        cv2.polylines(drawing, [points], False, (grey, grey, grey), 1, cv2.LINE_AA, 3)
    return drawing.astype(np.float32)


def _pieces(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """1 where a piece of core lies: rough polygons with gaps between them, some turned a little, crumbs in the gaps."""
    present = np.zeros((height, width), np.uint8)
    rough = width * rng.choice([0.003, 0.008, 0.02])
    often = float(rng.choice([0.8, 2.5, 8.0]))  # core widths between two breaks
    top = -rng.uniform(0, 1) * width if rng.random() < 0.75 else rng.uniform(0, 0.4) * height
    slope = rng.normal(0, 0.1)
    while top < height:
        bottom = top + max(0.25, rng.gamma(1.5, often / 1.5)) * width
        next_slope = rng.normal(0, 0.12) if rng.random() < 0.8 else rng.normal(0, 0.5)
        points = _outline(rng, top, bottom, width, (slope, next_slope), rough)
        cv2.fillPoly(present, [np.round(points * 8).astype(np.int32)], 1, cv2.LINE_8, 3)
        gap = width * (rng.exponential(0.03) if rng.random() < 0.85 else rng.uniform(0.1, 0.9))
        if gap > 0.15 * width:
            _crumbs(rng, present, bottom, gap)
        top, slope = bottom + gap, next_slope if rng.random() < 0.7 else rng.normal(0, 0.12)
    return present


def _outline(
    rng: np.random.Generator, top: float, bottom: float, width: int, slopes: tuple[float, float], rough: float
) -> NDArray[np.float64]:
    x = np.linspace(rough, width - rough, 9)
    upper = np.stack([x, top + slopes[0] * (x - width / 2) + np.cumsum(rng.normal(0, rough, 9))], 1)
    lower = np.stack([x, bottom + slopes[1] * (x - width / 2) + np.cumsum(rng.normal(0, rough, 9))], 1)
    y = np.linspace(0, 1, 6)[1:-1]
    right = np.stack([width - rough * np.abs(rng.normal(0, 1, 4)), upper[-1, 1] + y * (lower[-1, 1] - upper[-1, 1])], 1)
    left = np.stack([rough * np.abs(rng.normal(0, 1, 4)), upper[0, 1] + y * (lower[0, 1] - upper[0, 1])], 1)
    points = np.concatenate([upper, right, lower[::-1], left[::-1]])
    turn = np.radians(rng.normal(0, 1.0) if rng.random() < 0.8 else rng.uniform(-8, 8))
    middle = points.mean(0)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned: NDArray[np.float64] = (points - middle) @ spin.T + middle
    return turned


def _crumbs(rng: np.random.Generator, present: NDArray[np.uint8], top: float, gap: float) -> None:
    width = present.shape[1]
    for _ in range(int(rng.integers(0, 10))):
        size = gap * rng.uniform(0.08, 0.35)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 7))
        middle = (rng.uniform(0.1, 0.9) * width, top + rng.uniform(0.1, 0.9) * gap)
        points = np.stack([size * np.cos(angles), size * np.sin(angles)], 1) * rng.uniform(0.5, 1, (7, 1)) + middle
        cv2.fillPoly(present, [np.round(points * 8).astype(np.int32)], 1, cv2.LINE_8, 3)
