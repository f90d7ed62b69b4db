"""Pictures of core as somebody might send them: parts of real photos, and drawn ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rockseg_core.domain.arrays import Pixels
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.labels import UNLABELLED
from rockseg_training.synthetic.crop import draw_crop
from rockseg_training.synthetic.families.family import Which

DRAWN_SOURCE: Final = "drawn"  # the source of drawn cores
SEED: Final = 40_000_000  # training has its own below, evaluation 20 and not_core 30 millions
LEAST_ROCK: Final = 0.3  # of a part of a photo, and of a drawn picture
LEAST_SIDE_PX: Final = 60
SMALLEST_PART: Final = 0.25  # of the photo's sides
MOST_TRIES: Final = 20  # for each part wanted
SIDES_PX: Final = (224, 900)


@dataclass(frozen=True)
class CorePicture:
    """`source` is the folder of the photo, or DRAWN_SOURCE; `group` what must not be on both sides of a split."""

    source: str
    group: str
    pixels: Pixels


def real_pictures(photos: Dataset, parts: int) -> Iterator[CorePicture]:
    """Each photo whole, and up to `parts` parts of it at random, half of them turned by a quarter."""
    for photo in photos.photos():
        rng = np.random.default_rng((SEED, *photo.name.encode()))
        source = photo.name.rpartition("/")[0] or "textures"
        yield CorePicture(source, photo.hole, photo.pixels)
        for part in _parts(rng, photo, parts):
            yield CorePicture(source, photo.hole, part)


def drawn_pictures(count: int, families: Which, first: int = 0) -> Iterator[CorePicture]:
    """Those among `count` seeds that show rock enough; cores of 36 to 300 px."""
    for number in range(first, first + count):
        rng = np.random.default_rng((SEED, number))
        height, width = (round(side) for side in np.exp(rng.uniform(np.log(SIDES_PX[0]), np.log(SIDES_PX[1]), 2)))
        drawn = draw_crop((SEED, number), height, width, families=families)
        known = drawn.mask != UNLABELLED
        if (drawn.mask[known] > 0).mean() >= LEAST_ROCK:
            yield CorePicture(DRAWN_SOURCE, f"drawn {number}", drawn.pixels)


def _parts(rng: np.random.Generator, photo: Photo, wanted: int) -> Iterator[Pixels]:
    rock = photo.labels > 0
    for _ in range(MOST_TRIES * wanted):
        if wanted == 0:
            return
        scale = float(np.exp(rng.uniform(np.log(SMALLEST_PART), 0)))
        size = [
            min(side, max(LEAST_SIDE_PX, round(side * min(1.0, scale * float(np.exp(rng.normal(0, 0.3)))))))
            for side in rock.shape
        ]
        corner = [int(rng.integers(0, side - part + 1)) for side, part in zip(rock.shape, size, strict=True)]
        there = np.s_[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
        if rock[there].mean() < LEAST_ROCK:
            continue
        wanted -= 1
        part = photo.pixels[there]
        yield np.ascontiguousarray(np.rot90(part) if rng.random() < 0.5 else part)
