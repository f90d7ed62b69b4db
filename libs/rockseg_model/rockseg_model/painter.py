"""The mask at the photo's size, painted band by band from probabilities at the network's scale."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Mask
from rockseg_model.posterior import Posterior, Probabilities, take

# Output pixels painted at once: what one class needs of it stays in the second-level cache.
MOST_PIXELS_AT_ONCE: Final = 1 << 17


class Painter:
    """Takes bands in order along axis `along` (0 rows, 1 columns); their picture has `source`, the mask `target` size.

    Probabilities are interpolated linearly, pixel centres on pixel centres as cv2.resize has them, and only those of
    the classes that are chosen somewhere in the band; then the largest wins. Smooth outlines, and no class that the
    network saw nowhere near.
    """

    def __init__(self, source: tuple[int, int], target: tuple[int, int], along: int) -> None:
        self.mask: Mask = np.zeros(target, np.uint8)
        self._along = along
        self._source, self._target = source[along], target[along]
        self._across = target[1 - along]
        self._painted = 0
        self._last: Probabilities | None = None  # the line before the band, (C, 1, w) or (C, h, 1)
        self._last_classes: NDArray[np.intp] = np.zeros(0, np.intp)

    def paint(self, start: int, stop: int, band: Posterior) -> None:
        """`band` is the picture from `start` to `stop`; what lies between it and the next band waits for that."""
        axis = self._along + 1
        probabilities, origin = band.probabilities, start
        last = probabilities.take([stop - start - 1], axis=axis)
        if self._last is not None:
            probabilities = np.concatenate((self._last, probabilities), axis=axis)
            origin -= 1
        here = np.flatnonzero(np.bincount(band.chosen.ravel(), minlength=len(probabilities)))
        self._paint_lines(probabilities, origin, self._ready(stop), np.union1d(here, self._last_classes))
        self._last = last
        self._last_classes = np.unique(band.chosen.take([-1], axis=self._along)).astype(np.intp)

    def _ready(self, stop: int) -> int:
        """How many lines of the mask lie wholly on the picture up to `stop`."""
        if stop == self._source:
            return self._target
        # Line r looks at (r + 0.5) · source / target - 0.5, between two lines; the second is to be stop - 1 at most.
        return math.ceil((stop - 0.5) * self._target / self._source - 0.5)

    def _paint_lines(self, probabilities: Probabilities, origin: int, ready: int, classes: NDArray[np.intp]) -> None:
        step = max(1, MOST_PIXELS_AT_ONCE // self._across)
        for first in range(self._painted, ready, step):
            stop = min(ready, first + step)
            centres = (np.arange(first, stop) + 0.5) * (self._source / self._target) - 0.5
            limit = probabilities.shape[self._along + 1] - 1
            below = np.floor(centres).astype(np.intp) - origin
            share = (centres - origin - below).astype(np.float32)
            lines = np.clip(below, 0, limit), np.clip(below + 1, 0, limit), share
            part = self._chosen(probabilities, lines, classes)
            self.mask[(slice(None), slice(first, stop)) if self._along else (slice(first, stop),)] = part
        self._painted = max(self._painted, ready)

    def _chosen(
        self,
        probabilities: Probabilities,
        lines: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]],
        classes: NDArray[np.intp],
    ) -> Mask:
        count = len(lines[0])
        size = (count, self._across) if self._along else (self._across, count)  # cv2's order: width, height
        chosen: Mask = np.full(size[::-1], classes[0], np.uint8)
        if len(classes) == 1:
            return chosen
        best = self._enlarged(probabilities[classes[0]], lines, size)
        for index in classes[1:]:
            take(self._enlarged(probabilities[index], lines, size), int(index), best, chosen)
        return chosen

    def _enlarged(
        self,
        channel: NDArray[np.float32],
        lines: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]],
        size: tuple[int, int],
    ) -> NDArray[np.float32]:
        """Between lines by hand, since cv2.resize cannot start between two pixels; then the other way by cv2.resize."""
        below, above, share = lines
        weight = share if self._along else share[:, None]
        picked = channel.take(below, axis=self._along)
        picked += (channel.take(above, axis=self._along) - picked) * weight
        return cv2.resize(picked, size, interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
