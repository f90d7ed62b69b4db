"""One core: beds of rock on each other, broken into pieces."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.marks import Face
from rockseg_training.synthetic.noise import fractal, profile
from rockseg_training.synthetic.pieces import pieces
from rockseg_training.synthetic.rocks import paint

# Rocks that lie on each other: a core shows one company, now and then a stranger.
COMPANIES: Final = (
    (1, 2, 3, 7, 8, 9),
    (4, 5, 6, 11),
    (5, 11, 3),
    (5, 11),
    (7, 1),
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


def draw_column(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    whole: bool = False,
    beds: Iterable[tuple[int, float]] | None = None,
) -> Column:
    """`beds` from the top are (class, thickness in core widths), drawn at random when not given.

    `whole` leaves out breaks and worn edges: rock to the rim.
    """
    core_mm = float(rng.choice(CORE_MM))
    pixels, mask = _lay_beds(rng, height, width, core_mm, succession(rng, height / width) if beds is None else beds)
    pixels = _relief(rng, pixels)
    if rng.random() < 0.5 or not whole:
        pixels = _cracks(rng, pixels, width)
    if not whole:
        mask = np.where(pieces(rng, height, width) > 0, mask, 0).astype(np.uint8)
    return Column(pixels, mask)


def succession(rng: np.random.Generator, length: float) -> Iterator[tuple[int, float]]:
    """Beds without end, of at least 0.35 core widths; three cores in ten are of one rock throughout."""
    company = COMPANIES[rng.integers(len(COMPANIES))]
    single, last = rng.random() < 0.3, 0
    while True:
        index = int(rng.choice(company)) if rng.random() < 0.8 else int(rng.integers(1, 12))
        if index != last:
            yield index, 4.0 * length if single else float(np.exp(rng.uniform(np.log(0.35), np.log(5.0))))
            last = index


def _lay_beds(
    rng: np.random.Generator, height: int, width: int, core_mm: float, beds: Iterable[tuple[int, float]]
) -> tuple[Face, NDArray[np.uint8]]:
    pixels, mask = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8)
    across = np.arange(width, dtype=np.float32)
    top = np.full(width, -1.0, np.float32)
    for index, thick in beds:
        bottom = top.max() + thick * width + rng.normal(0, 0.06) * (across - width / 2)
        bottom += rng.choice([0.0, 0.01, 0.03]) * width * profile(rng, width, width / 5)
        first, end = max(0, int(top.min())), int(min(height, np.ceil(bottom.max()) + 1))
        if end > first:
            face = paint(rng, index, end - first, width, core_width_px=width, core_mm=core_mm)
            rows = np.arange(first, end, dtype=np.float32)[:, None]
            share = np.clip(rows - top + 0.5, 0, 1)[..., None]  # of each pixel that lies below the contact
            pixels[first:end] += share * (face - pixels[first:end])
            mask[first:end][share[..., 0] >= 0.5] = index
        top = bottom.astype(np.float32)
        if top.min() >= height:
            break
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
