"""How far off contacts are: places along a core where one rock gives way to another.

A line of pixels across a core is of the rock that most of it is. Runs of lines shorter than LEAST_BED core widths are
left out, and a contact lies half way between two runs of different rocks with no more than MOST_GAP between them. Its
error is the distance to the nearest contact said in the same core; a contact farther than MOST_ERROR counts as that
far, so that a miss costs. Medians both ways, as boundaries in music are judged ("deviation", Turnbull et al. 2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_model.core_width import measure
from rockseg_training.datasets.rows import cores_across
from rockseg_training.labels import FIRST_SET, UNLABELLED, Labels

LEAST_BED: Final = 0.1  # core widths
MOST_GAP: Final = 0.35
MOST_ERROR: Final = 1.0
FOUND: Final = 0.15  # core widths: a contact so near counts as found


@dataclass
class ContactErrors:
    """In core widths: from each true contact to the nearest said, and from each said to the nearest true."""

    of_true: list[float] = field(default_factory=list)
    of_said: list[float] = field(default_factory=list)

    def add(self, labels: Labels, said: NDArray[np.uint8], core_width_px: float) -> None:
        """Both (h, w) of a photo; cores of labels that name no two rocks are passed over."""
        rock = (labels > 0) & (labels != UNLABELLED)
        core = measure(rock, core_width_px)
        if core is None or len(np.unique(labels[(labels > 0) & (labels < FIRST_SET)])) < 2:
            return
        if core.axis == "x":
            labels, said = labels.T, said.T
        for left, right in cores_across(labels):
            truth = contacts(labels[:, left:right], core_width_px)
            if len(truth):
                known = labels[:, left:right] < FIRST_SET
                found = contacts(np.where(known, said[:, left:right], UNLABELLED), core_width_px)
                self.of_true += _nearest(truth, found, core_width_px)
                self.of_said += _nearest(found, truth, core_width_px)

    def medians(self) -> tuple[float, float]:
        """Core widths, nan where there is none: of true contacts, of those said."""
        return _median(self.of_true), _median(self.of_said)

    def found_share(self) -> float:
        return float(np.mean(np.array(self.of_true) <= FOUND)) if self.of_true else float("nan")


def contacts(labels: Labels, core_width_px: float) -> NDArray[np.float64]:
    """Along axis 0 of an upright core (h, w): where one rock of known class gives way to another, in pixels."""
    kinds = [_most(line) for line in labels]
    edges = np.flatnonzero(np.diff(kinds, prepend=-2, append=-2))
    runs = [
        (int(first), int(last), kinds[first])
        for first, last in pairwise(edges)
        if kinds[first] > 0 and last - first >= LEAST_BED * core_width_px
    ]
    places = [
        (before[1] + after[0]) / 2
        for before, after in pairwise(runs)
        if before[2] != after[2] and after[0] - before[1] <= MOST_GAP * core_width_px
    ]
    return np.array(places, np.float64)


def _most(line: Labels) -> int:
    """The rock of most of its pixels of known rock; 0 if there is less of it than of anything else."""
    counts = np.bincount(line, minlength=256)
    rock = counts[1:FIRST_SET]
    return int(rock.argmax()) + 1 if rock.sum() * 2 > len(line) else 0


def _nearest(places: NDArray[np.float64], others: NDArray[np.float64], core_width_px: float) -> Sequence[float]:
    if not len(others):
        return [MOST_ERROR] * len(places)
    distances = np.abs(places[:, None] - others[None]).min(1) / core_width_px if len(places) else np.zeros(0)
    nearest: list[float] = np.minimum(distances, MOST_ERROR).tolist()
    return nearest


def _median(errors: list[float]) -> float:
    return float(np.median(errors)) if errors else float("nan")
