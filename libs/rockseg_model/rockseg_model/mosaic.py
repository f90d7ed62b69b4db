"""Tiles' logits blended into one picture, band by band along its longer side, so that memory stays with the band."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Logits
from rockseg_model.tiling import Place

FloatMap = NDArray[np.float32]
BoolMap = NDArray[np.bool_]

LEAST_WEIGHT: Final = 1e-3  # a border pixel that only one tile sees still counts
MOST_BAND_PIXELS: Final = 1 << 16  # 3 MB of logits: what follows passes over them a dozen times, in the cache


@dataclass(frozen=True)
class Band:
    """A finished part of the picture: logits (C, h, w) float32; `seen` (h, w) is False where no tile was computed."""

    start: int
    stop: int
    logits: Logits
    seen: BoolMap


@lru_cache(maxsize=32)
def window(shape: tuple[int, int]) -> FloatMap:
    """(h, w) float32 raised cosine: 1 in the middle, next to 0 at the border, where a network lacks context."""
    rows, columns = (0.5 - 0.5 * np.cos(2 * math.pi * (np.arange(side) + 0.5) / side) for side in shape)
    both = np.outer(rows, columns).astype(np.float32)
    weights: FloatMap = np.maximum(both, np.float32(LEAST_WEIGHT))
    weights.flags.writeable = False
    return weights


class Mosaic:
    """The picture of `size` (height, width) in the making; `along` is 0 or 1, the axis of its longer side."""

    def __init__(self, classes: int, size: tuple[int, int]) -> None:
        self.size = size
        self.along = 0 if size[0] >= size[1] else 1
        self._classes = classes
        self._start = 0
        self._sums: Logits = self._empty(0)
        self._weights: FloatMap = self._sums[0].copy()

    def start_of(self, place: Place) -> int:
        """Where a place starts along the longer side; nothing before it is touched by it."""
        return max(0, place.left if self.along else place.top)

    def stop_of(self, place: Place) -> int:
        return min(self.size[self.along], place.right if self.along else place.bottom)

    def reserve(self, stop: int) -> None:
        """Make room up to `stop` along the longer side."""
        missing = stop - self._start - self._weights.shape[self.along]
        if missing > 0:
            more = self._empty(missing)
            self._sums = np.concatenate((self._sums, more), axis=self.along + 1)
            self._weights = np.concatenate((self._weights, more[0]), axis=self.along)

    def add(self, place: Place, logits: Logits) -> None:
        """Blend a tile's (C, h, w) in. What reaches beyond the picture is left out."""
        self.reserve(self.stop_of(place))
        top, left = max(0, place.top), max(0, place.left)
        bottom, right = min(self.size[0], place.bottom), min(self.size[1], place.right)
        inner = np.s_[top - place.top : bottom - place.top, left - place.left : right - place.left]
        down, over = (0, self._start) if self.along else (self._start, 0)
        outer = np.s_[top - down : bottom - down, left - over : right - over]
        weights = window((place.height, place.width))[inner]
        self._sums[(slice(None), *outer)] += logits[(slice(None), *inner)] * weights
        self._weights[outer] += weights

    def close(self, stop: int) -> Iterator[Band]:
        """Take the picture up to `stop`, which no further tile touches, out of the making: bands in order."""
        if stop <= self._start:
            return
        self.reserve(stop)
        lines = max(1, MOST_BAND_PIXELS // self.size[1 - self.along])
        for first in range(self._start, stop, lines):
            last = min(stop, first + lines)
            part = self._cut(slice(first - self._start, last - self._start))
            weights = self._weights[part]
            seen: BoolMap = weights > 0
            sums = self._sums[(slice(None), *part)]
            yield Band(first, last, np.divide(sums, np.where(seen, weights, np.float32(1)), dtype=np.float32), seen)
        rest = self._cut(slice(stop - self._start, None))
        self._sums, self._weights = self._sums[(slice(None), *rest)].copy(), self._weights[rest].copy()
        self._start = stop

    def _cut(self, part: slice) -> tuple[slice, slice]:
        return (slice(None), part) if self.along else (part, slice(None))

    def _empty(self, length: int) -> Logits:
        across = self.size[1 - self.along]
        shape = (across, length) if self.along else (length, across)
        return np.zeros((self._classes, *shape), np.float32)
