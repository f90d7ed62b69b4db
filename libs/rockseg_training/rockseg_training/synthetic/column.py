"""One core: beds of rock on each other, broken into pieces."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.noise import profile
from rockseg_training.synthetic.pieces import pieces, pieces_of
from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.sawn import hairlines, relief, rough
from rockseg_training.synthetic.stage import Stage
from rockseg_training.synthetic.suite import MOST_SOFT, softness
from rockseg_training.synthetic.writing import write

# Rocks that lie on each other: a core shows one company, now and then a stranger.
COMPANIES: Final = (
    (1, 2, 3, 7, 8, 9),
    (4, 5, 6, 11),
    (5, 11, 3),
    (5, 11),
    (7, 1),
    (1, 3, 7),
    (2, 8, 3),
    (10, 9, 1),
    (6, 4, 3),
    (7, 8, 2),
    (10, 2, 5),
)
REAL_CHANNEL_SHARE: Final = 0.4  # of broken cores, where layouts of real boxes are given


@dataclass(frozen=True)
class Column:
    """A core standing upright: pixels (h, w, 3) float32, mask (h, w) uint8 with 0 where no rock is left, and `ink`
    (h, w) bool where it is written on, or None.
    """

    pixels: Face
    mask: NDArray[np.uint8]
    ink: NDArray[np.bool_] | None = None


def draw_column(
    rng: np.random.Generator,
    height: int,
    width: int,
    stage: Stage,
    *,
    whole: bool = False,
    beds: Iterable[tuple[int, float]] | None = None,
) -> Column:
    """`beds` from the top are (class, thickness in core widths), drawn at random when not given.

    `whole` leaves out breaks and worn edges: rock to the rim.
    """
    beds = succession(rng, height / stage.core_width_px) if beds is None else beds
    pixels, mask = _lay_beds(rng, height, width, stage, beds)
    pixels = relief(rng, rough(rng, pixels))
    if rng.random() < 0.5 or not whole:
        pixels = hairlines(rng, pixels, width)
    ink = None
    if rng.random() < 0.12:
        pixels, ink = write(rng, pixels, lines=1, faint=True)
    if not whole:
        if stage.channels and rng.random() < REAL_CHANNEL_SHARE:
            channel = stage.channels[int(rng.integers(len(stage.channels)))]
            present = pieces_of(rng, channel, height, width)
        else:
            present = pieces(rng, height, width)
        mask = np.where(present > 0, mask, 0).astype(np.uint8)
    return Column(pixels, mask, ink)


def succession(rng: np.random.Generator, length: float) -> Iterator[tuple[int, float]]:
    """Beds without end, of at least 0.35 core widths; three cores in ten are of one rock throughout.

    Thickness is lognormal as in the boxes of `box_layouts`, but thinner: a bed must end within a crop to be learned.
    """
    company = COMPANIES[rng.integers(len(COMPANIES))]
    single, last = rng.random() < 0.3, 0
    while True:
        index = int(rng.choice(company)) if rng.random() < 0.7 else int(rng.integers(1, 12))
        if index != last:
            yield index, 4.0 * length if single else float(np.clip(rng.lognormal(np.log(1.3), 0.75), 0.35, 9.0))
            last = index


def _lay_beds(
    rng: np.random.Generator, height: int, width: int, stage: Stage, beds: Iterable[tuple[int, float]]
) -> tuple[Face, NDArray[np.uint8]]:
    pixels, mask = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8)
    across = np.arange(width, dtype=np.float32)
    top = np.full(width, -1.0, np.float32)
    reach = int(MOST_SOFT / 2 * stage.core_width_px) if stage.suite else 0  # below a bed, for the next to pass into it
    above = 0
    for index, thick in beds:
        soft = max(1.0, softness(rng, stage.suite, above, index) * stage.core_width_px)
        slope = rng.normal(0, 0.06) if rng.random() < 0.85 else rng.normal(0, 0.3)
        bottom = top.max() + thick * stage.core_width_px + slope * (across - width / 2)
        bottom += rng.choice([0.0, 0.01, 0.03]) * width * profile(rng, width, width / 5)
        first, end = max(0, int(top.min() - soft / 2)), int(min(height, np.ceil(bottom.max()) + 1 + reach))
        if end > first:
            face = stage.painter.paint(
                rng, index, end - first, width, core_width_px=stage.core_width_px, core_mm=stage.core_mm
            )
            face = stage.suite.toned(rng, index, face) if stage.suite else face
            rows = np.arange(first, end, dtype=np.float32)[:, None]
            share = np.clip((rows - top) / soft + 0.5, 0, 1)[..., None]  # of each pixel that lies below the contact
            pixels[first:end] += share * (face - pixels[first:end])
            mask[first:end][share[..., 0] >= 0.5] = index
        top, above = bottom.astype(np.float32), index
        if top.min() >= height:
            break
    return pixels, mask
