"""How wide a core is in a photo, which way it runs and how many there are, read off a rock mask (design §7)."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

BoolMap = NDArray[np.bool_]

LEAST_ROCK: Final = 0.05  # of the photo: with less, what was found says nothing about its scale
PROFILE_SHARE: Final = 0.5  # of its peak: what lies below separates cores
LEAST_CORE: Final = 0.4  # of the core width: a narrower stretch of rock is no further core
# Where cores touch in places, runs of rock go over several of them, and their median with them; the profile across the
# cores still dips at each seam, by 6 to 50 % of its peak in boxes of limestone and in trays.
LEAST_DIP: Final = 0.05  # of the peak
ALIKE: Final = 0.25  # a box's cores differ by no more from their median, …
ALIKE_SHARE: Final = 0.75  # … or at least so many of them
LEAST_SEAMED: Final = 3  # a crack along one core makes two alike pieces too
LEAST_PIECE_PX: Final = 8  # narrower ones are texture
AGREEMENT: Final = 0.25  # between the widths of the runs and of the profile


@dataclass(frozen=True)
class CoreMeasure:
    """In pixels of the mask; `axis` is the direction of depth."""

    width_px: float
    axis: Literal["x", "y"]
    count: int
    sure: bool = True  # False: the runs of rock and the profile across them say different widths


def measure(rock: BoolMap, known_width_px: float | None = None) -> CoreMeasure | None:
    """Of (h, w): the axis is that of the longer rock runs, the width the area-weighted median run across it.

    Where the profile across the cores has seams that the runs go over, the width is that between seams. A known width,
    in pixels of the mask, is not measured again. None where less than 5 % is rock.
    """
    if rock.mean() < LEAST_ROCK:
        return None
    over, down = runs(rock), runs(rock.T)
    vertical = weighted_mean(down) >= weighted_mean(over)
    axis: Literal["x", "y"] = "y" if vertical else "x"
    profile = rock.mean(axis=0 if vertical else 1)
    if known_width_px:
        return CoreMeasure(known_width_px, axis, peaks(profile, known_width_px))
    width = weighted_median(over if vertical else down)
    pieces = between_seams(profile)
    typical = float(np.median(pieces)) if len(pieces) else width
    if abs(typical / width - 1) <= AGREEMENT:
        return CoreMeasure(width, axis, peaks(profile, width))
    if typical < width and len(pieces) >= LEAST_SEAMED and alike(pieces):
        return CoreMeasure(typical, axis, sum(round(float(length) / typical) for length in pieces))
    return CoreMeasure(width, axis, peaks(profile, width), sure=False)


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


def between_seams(profile: NDArray[np.float64]) -> NDArray[np.int64]:
    """Lengths of the stretches of a profile above half its peak, cut where it dips."""
    top = float(np.percentile(profile[profile > 0], 95))
    rock = profile > PROFILE_SHARE * top
    rock[dips(profile, LEAST_DIP * top)] = False
    lengths = runs(rock[None])
    return lengths[lengths >= LEAST_PIECE_PX]


def dips(profile: NDArray[np.float64], least: float) -> list[int]:
    """Where the profile is lowest between two heights that are both `least` above that."""
    found: list[int] = []
    high = low = float(profile[0])
    at, falling = 0, False
    for index, value in enumerate(profile.tolist()):
        if falling and value < low:
            low, at = value, index
        elif falling and value > low + least:
            found.append(at)
            high, falling = value, False
        elif not falling and value < high - least:
            low, at, falling = value, index, True
        elif not falling:
            high = max(high, value)
    return found


def alike(pieces: NDArray[np.int64]) -> bool:
    return bool((np.abs(pieces / np.median(pieces) - 1) <= ALIKE).mean() >= ALIKE_SHARE)


def peaks(profile: NDArray[np.float64], width: float) -> int:
    """Cores side by side: stretches of the profile across them above half its peak; a wide one holds several."""
    above = profile > PROFILE_SHARE * np.percentile(profile[profile > 0], 95)
    stretches = runs(above[None])
    cores = [max(1, round(float(length) / width)) for length in stretches if length >= LEAST_CORE * width]
    return max(1, sum(cores))
