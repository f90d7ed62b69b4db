"""How wide a core is in a photo, which way it runs and how many there are, read off a rock mask (design §7)."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

BoolMap = NDArray[np.bool_]

LEAST_ROCK: Final = 0.05  # of the photo: with less, what was found says nothing about its scale
PROFILE_SHARE: Final = 0.5  # of its peak: what lies below separates cores
LEAST_CORE: Final = 0.4  # of the core width: a narrower stretch of rock is no further core


@dataclass(frozen=True)
class CoreMeasure:
    """In pixels of the mask; `axis` is the direction of depth."""

    width_px: float
    axis: Literal["x", "y"]
    count: int


def measure(rock: BoolMap, known_width_px: float | None = None) -> CoreMeasure | None:
    """Of (h, w): the axis is that of the longer rock runs, the width the area-weighted median run across it.

    A known width, in pixels of the mask, is not measured again. None where less than 5 % is rock.
    """
    if rock.mean() < LEAST_ROCK:
        return None
    over, down = runs(rock), runs(rock.T)
    vertical = weighted_mean(down) >= weighted_mean(over)
    width = known_width_px or weighted_median(over if vertical else down)
    profile = rock.mean(axis=0 if vertical else 1)
    return CoreMeasure(width, "y" if vertical else "x", peaks(profile, width))


def runs(rock: BoolMap) -> NDArray[np.int64]:
    """Lengths of the stretches of True in each row, all rows together."""
    edges = np.diff(np.pad(rock, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lengths: NDArray[np.int64] = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    return lengths


def weighted_mean(lengths: NDArray[np.int64]) -> float:
    """The run in which a pixel of rock lies, on average."""
    return float((lengths**2).sum() / lengths.sum())


def weighted_median(lengths: NDArray[np.int64]) -> float:
    """Half of the rock lies in runs of this length or longer: crumbs do not count as cores do."""
    ordered = np.sort(lengths)
    summed = ordered.cumsum()
    return float(ordered[np.searchsorted(summed, summed[-1] / 2)])


def peaks(profile: NDArray[np.float64], width: float) -> int:
    """Cores side by side: stretches of the profile across them above half its peak; a wide one holds several."""
    above = profile > PROFILE_SHARE * np.percentile(profile[profile > 0], 95)
    stretches = runs(above[None])
    cores = [max(1, round(float(length) / width)) for length in stretches if length >= LEAST_CORE * width]
    return max(1, sum(cores))
