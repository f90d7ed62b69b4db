"""How wide a core is in a photo, which way it runs and how many there are, read off a rock mask (design §7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

BoolMap = NDArray[np.bool_]

LEAST_ROCK: Final = 0.05  # of the photo: with less, what was found says nothing about its scale
PROFILE_SHARE: Final = 0.5  # of the lower of two peaks: a valley below it separates two cores
# A core is a peak of the profile, however low: a box's last core may fill a tenth of its length. Of the real photos'
# true masks, half of the highest peak as the least miscounts 4 of 22 boxes; 0.08 to 0.2 of it none.
LEAST_PEAK: Final = 0.12  # of the highest
LEAST_PEAK_LENGTH: Final = 0.5  # of the core width: a shorter piece of rock is a crumb
LEAST_CORE: Final = 0.4  # of the core width: a narrower stretch of rock is no further core
LEAST_SEVERAL: Final = 1.5  # of the core width: a wider stretch holds cores that touch
# Where cores touch in places, runs of rock go over several of them, and their median with them; the profile across the
# cores still dips at each seam, by 6 to 50 % of its peak in boxes of limestone and in trays.
LEAST_DIP: Final = 0.05  # of the peak
# A shallow dip is a seam where narrow gaps part the rock: missing pieces leave such dips too. A deep one always is.
DEEP_DIP: Final = 0.3
NARROW_GAP: Final = 0.1  # of the run of rock that goes over the seam, …
LEAST_PARTED: Final = 0.04  # … in so many of the lines across: 0.13 to 0.97 at real seams, 0.01 in broken cores
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
    along = rock.shape[0 if vertical else 1]
    if known_width_px:
        return CoreMeasure(known_width_px, axis, count_cores(profile, known_width_px, along))
    width = weighted_median(over if vertical else down)
    narrow_gaps = parted(rock if vertical else rock.T, profile, width)
    pieces = between_seams(profile, LEAST_DIP if narrow_gaps else DEEP_DIP)
    typical = float(np.median(pieces)) if len(pieces) else width
    if abs(typical / width - 1) <= AGREEMENT:
        return CoreMeasure(width, axis, count_cores(profile, width, along))
    if typical < width and len(pieces) >= LEAST_SEAMED and alike(pieces):
        return CoreMeasure(typical, axis, sum(round(float(length) / typical) for length in pieces))
    return CoreMeasure(width, axis, count_cores(profile, width, along), sure=False)


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


def between_seams(profile: NDArray[np.float64], least_dip: float) -> NDArray[np.int64]:
    """Lengths of the stretches of a profile above half its peak, cut where it dips by so much of it."""
    top = float(np.percentile(profile[profile > 0], 95))
    rock = profile > PROFILE_SHARE * top
    rock[dips(profile, least_dip * top)] = False
    lengths = runs(rock[None])
    return lengths[lengths >= LEAST_PIECE_PX]


def parted(lines: BoolMap, profile: NDArray[np.float64], width: float) -> bool:
    """Whether narrow gaps part the rock at most of the profile's dips; False without dips. `lines` run across."""
    reach = max(3, round(NARROW_GAP * width))
    closed = cv2.morphologyEx(lines.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8)).astype(np.bool_)
    gaps = closed & ~lines
    seams = dips(profile, LEAST_DIP * float(np.percentile(profile[profile > 0], 95)))
    shares = [float(gaps[:, max(0, at - reach) : at + reach + 1].any(1).mean()) for at in seams if profile[at] > 0]
    return bool(shares) and float(np.median(shares)) >= LEAST_PARTED


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


def count_cores(profile: NDArray[np.float64], width: float, along: int) -> int:
    """Cores side by side: the peaks of the profile across them; a wide one holds several, told apart by seams.

    `along` is the mask's length along the cores, `width` a core's, both in pixels of the mask.
    """
    top = float(np.percentile(profile[profile > 0], 95))
    least = max(LEAST_PEAK * top, LEAST_PEAK_LENGTH * width / along)
    cores = 0
    for stretch in _stretches(profile, least):
        wide = int((stretch > PROFILE_SHARE * stretch.max()).sum())
        if wide >= LEAST_SEVERAL * width:
            cores += _touching(stretch, width, LEAST_DIP * top)
        elif wide >= LEAST_CORE * width:
            cores += 1
    return max(1, cores)


def _stretches(profile: NDArray[np.float64], least: float) -> Iterator[NDArray[np.float64]]:
    """Parts of the profile above `least`, cut wherever a valley is below half of the peaks on both its sides."""
    above = np.flatnonzero(np.diff(np.pad(profile > least, 1).astype(np.int8)))
    waiting = [profile[start:stop] for start, stop in above.reshape(-1, 2).tolist()]
    while waiting:
        part = waiting.pop()
        before, after = np.maximum.accumulate(part), np.maximum.accumulate(part[::-1])[::-1]
        depth = part / np.minimum(before, after)
        at = int(depth.argmin())
        if depth[at] < PROFILE_SHARE:
            waiting += [part[:at], part[at + 1 :]]
        else:
            yield part


def _touching(stretch: NDArray[np.float64], width: float, least_dip: float) -> int:
    """Cores in a stretch without a valley: between its seams where it has some, by its width where it has none."""
    rock = stretch > PROFILE_SHARE * stretch.max()
    rock[dips(stretch, least_dip)] = False
    lengths = runs(rock[None])
    return sum(max(1, round(float(length) / width)) for length in lengths if length >= LEAST_CORE * width)
