"""Whether a confidence means what it says: reliability, calibration error, and what leaving out the unsure wins."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Confidence, Mask
from rockseg_training.labels import UNLABELLED, Labels, LabelSpace

LEVELS: Final = 256  # a confidence is a byte, so that counts of its levels lose nothing
BINS: Final = 15


class Bin(NamedTuple):
    """Of pixels alike in number: what was said on average, what share was right, and how many they are."""

    said: float
    right: float
    pixels: float


@dataclass
class Sureness:
    """Pixels called rock whose class is known, by confidence; `counts` (wrong or right, level).

    Where all that is known is a set of rocks, a pixel does not count: whichever of them it is called is called right,
    so that no confidence in one of them could be too high. What is no rock and is called rock then counts by the share
    of the photo's rock that does.
    """

    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, LEVELS)))

    def judge(self, confidence: Confidence, said: Mask, labels: Labels, space: LabelSpace) -> None:
        """A photo's: confidence (h, w) uint8, class said and label, of any size, in `space`."""
        size = confidence.shape[1::-1]  # that of the network's scale
        truth, calls = (
            cv2.resize(part, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8) for part in (labels, said)
        )
        rock = (truth > 0) & (truth != UNLABELLED)
        known = rock & (truth < len(space.classes))
        kinds, others = known & (calls > 0), (truth == 0) & (calls > 0)
        self.add(confidence[kinds], truth[kinds] == calls[kinds])
        share = known.sum() / rock.sum() if rock.any() else 1.0
        self.add(confidence[others], np.zeros(others.sum(), np.bool_), float(share))

    def add(self, confidence: Confidence, right: NDArray[np.bool_], weight: float = 1.0) -> None:
        """(n,) uint8 probability × 255, (n,) whether it is right; `weight` of each."""
        pairs = right.astype(np.int64) * LEVELS + confidence
        self.counts += weight * np.bincount(pairs, minlength=2 * LEVELS).reshape(2, LEVELS)

    def bins(self) -> Sequence[Bin]:
        """BINS of equal mass (Nguyen, O'Connor 2015), from the least sure up; a level may be shared between two."""
        mass = self.counts.sum(0)
        ends = np.linspace(0, mass.sum(), BINS + 1)
        below = np.concatenate([[0], mass.cumsum()])
        return [self._bin(below, first, last) for first, last in pairwise(ends.tolist())]

    def _bin(self, below: NDArray[np.float64], first: float, last: float) -> Bin:
        taken = np.clip(np.minimum(below[1:], last) - np.maximum(below[:-1], first), 0, None)
        total = max(float(taken.sum()), 1e-9)
        accuracy = self.counts[1] / np.maximum(1e-9, self.counts.sum(0))
        said = float((taken * np.arange(LEVELS)).sum() / total / (LEVELS - 1))
        return Bin(said, float((taken * accuracy).sum() / total), float(taken.sum()))

    def calibration_error(self) -> float:
        """Expected calibration error over `bins`; nan without pixels."""
        total = self.counts.sum()
        if not total:
            return float("nan")
        return float(sum(part.pixels * abs(part.said - part.right) for part in self.bins()) / total)

    def risk_coverage(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coverage rising to 1, and the share wrong among the surest that make it up (El-Yaniv, Wiener 2010)."""
        mass, wrong = self.counts.sum(0)[::-1].cumsum(), self.counts[0][::-1].cumsum()
        there = np.flatnonzero(np.diff(mass, prepend=0))
        return mass[there] / max(1e-9, mass[-1]), wrong[there] / np.maximum(1e-9, mass[there])

    def risk_area(self) -> float:
        """Area under that curve: 0 is best, and the share wrong is what a confidence that says nothing gets."""
        coverage, risk = self.risk_coverage()
        if not len(coverage):
            return float("nan")
        steps = np.diff(coverage, prepend=0)
        before = np.concatenate([risk[:1], risk[:-1]])
        return float((steps * (risk + before) / 2).sum())
