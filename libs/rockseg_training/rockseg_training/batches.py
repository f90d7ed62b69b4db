"""Batches, drawn in the background while the network trains; a batch is fixed by the seed and its number."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.labels import any_rock
from rockseg_training.photos import Photo, read_boxes, read_textures
from rockseg_training.real_crop import crop_photo
from rockseg_training.synthetic.crop import Drawn, draw_crop

# (crops, height, width): 0.4 megapixels each, so a step costs the same; the shapes of tiles, cut shorter.
SHAPES: Final = ((6, 256, 256), (4, 384, 256), (4, 256, 384))
REAL_SHARE: Final = 0.34  # of crops, where there are real photos
# Of real crops whose rock is one of a few kinds, the share that says which; the others say rock. Told each time, the
# network calls everything limestone or marl.
KIND_SHARE: Final = 0.5
# Share of real crops by the start of the photo's name; textures, by class, share TEXTURE_SHARE.
FOLDER_SHARES: Final = {
    "core-boxes": 0.36,
    "boxes-carbonate": 0.16,
    "boxes-north-sea": 0.04,
    "columns": 0.08,
    "trays": 0.06,
}
TEXTURE_SHARE: Final = 0.2
AHEAD: Final = 6  # batches drawn before they are asked for


@dataclass(frozen=True)
class Batch:
    """pixels (N, h, w, 3) uint8 RGB, labels (N, h, w) uint8."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


class Album:
    """The real photos, by folder."""

    def __init__(self, photos: list[Photo]) -> None:
        self._folders: dict[str, list[Photo]] = {}
        for photo in photos:
            folder = photo.name.rpartition("/")[0]
            self._folders.setdefault(folder or f"texture of {photo.labels[0, 0]}", []).append(photo)
        textures = sum(folder not in FOLDER_SHARES for folder in self._folders)
        shares = [FOLDER_SHARES.get(folder, TEXTURE_SHARE / max(1, textures)) for folder in self._folders]
        self._shares = np.array(shares) / max(1e-9, sum(shares))

    def __bool__(self) -> bool:
        return bool(self._folders)

    def pick(self, rng: np.random.Generator) -> Photo:
        folder = list(self._folders)[rng.choice(len(self._shares), p=self._shares)]
        photos = self._folders[folder]
        return photos[rng.integers(len(photos))]


def draw_batch(seed: int, number: int, album: Album) -> Batch:
    count, height, width = SHAPES[number % len(SHAPES)]
    crops: list[Drawn] = []
    for place in range(count):
        rng = np.random.default_rng((seed, number, place, 1))
        if album and rng.random() < REAL_SHARE:
            crop = crop_photo(rng, album.pick(rng), height, width)
            crops.append(crop if rng.random() < KIND_SHARE else Drawn(crop.pixels, any_rock(crop.mask)))
        else:
            crops.append(draw_crop((seed, number, place), height, width))
    return Batch(np.stack([crop.pixels for crop in crops]), np.stack([crop.mask for crop in crops]))


_album: Album = Album([])  # of a drawing process


def _open_album(data: Path | None) -> None:
    global _album  # noqa: PLW0603 - a process pool's initialiser has no other place to leave what it read
    cv2.setNumThreads(1)
    _album = Album([*read_boxes(data, held_out=False), *read_textures(data)] if data else [])


def _draw(seed: int, number: int) -> Batch:
    return draw_batch(seed, number, _album)


def batches(seed: int, first: int, data: Path | None) -> Iterator[Batch]:
    """Batches `first`, `first` + 1 … without end, drawn ahead by one process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn"), _open_album, (data,)) as drawer:
        waiting: deque[Future[Batch]] = deque()
        number = first
        try:
            while True:
                while len(waiting) < AHEAD:
                    waiting.append(drawer.submit(_draw, seed, number))
                    number += 1
                yield waiting.popleft().result()
        finally:
            for batch in waiting:
                batch.cancel()
