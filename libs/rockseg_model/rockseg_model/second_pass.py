"""The look that counts: bands of logits become the mask, the confidence map and the share of rock that is sure."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Confidence, Mask
from rockseg_model.mean_posterior import MeanPosterior
from rockseg_model.mosaic import Band
from rockseg_model.painter import Painter
from rockseg_model.posterior import posterior

MOST_CONFIDENCE_PIXELS: Final = 500_000  # design §7


class SecondPass:
    """Takes bands of the picture of `size`, paints the mask of the photo's size. `background` is the first pass's."""

    def __init__(
        self,
        size: tuple[int, int],
        photo: tuple[int, int],
        along: int,
        background: NDArray[np.float32],
        *,
        classes: int,
        temperature: float,
        confident: float,
    ) -> None:
        self._along, self._temperature, self._least = along, temperature, math.ceil(confident * 255)
        # Where no tile is computed, the first pass was sure enough that there is no rock.
        sure = cv2.resize(np.rint(background * 255).astype(np.uint8), (size[1], size[0])).astype(np.uint8, copy=False)
        self._confidence: Confidence = sure
        self._painter = Painter(size, photo, along)
        self._rock, self._sure = 0, 0
        self.posterior = MeanPosterior(classes)

    def take(self, band: Band) -> None:
        found = posterior(band.logits, self._temperature)
        part = np.s_[:, band.start : band.stop] if self._along else np.s_[band.start : band.stop]
        if not band.seen.all():
            found.chosen[~band.seen] = 0
            found.probabilities[:, ~band.seen] = 0
            found.probabilities[0, ~band.seen] = 1
        np.copyto(self._confidence[part], found.confidence, where=band.seen)
        rock = found.chosen != 0
        self._rock += int(np.count_nonzero(rock))
        self._sure += int(np.count_nonzero(rock & (found.confidence >= self._least)))
        self.posterior.take(found)
        self._painter.paint(band.start, band.stop, found)

    @property
    def mask(self) -> Mask:
        return self._painter.mask

    @property
    def confidence(self) -> Confidence:
        """At most 0.5 MP of it: averaged down where the picture is larger."""
        height, width = self._confidence.shape
        scale = math.sqrt(MOST_CONFIDENCE_PIXELS / (height * width))
        if scale >= 1:
            return self._confidence
        size = min(MOST_CONFIDENCE_PIXELS, max(1, int(width * scale))), max(1, int(height * scale))
        return cv2.resize(self._confidence, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

    @property
    def confident_share(self) -> float:
        """Of the rock; 1 where there is none."""
        return self._sure / self._rock if self._rock else 1.0
