"""Photos whose rows are of one of two known rocks: how often a model, and how often brightness alone, tells which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.photo import Photo
from rockseg_training.datasets.rows import Row
from rockseg_training.labels import UNLABELLED, LabelSpace

PAIRS: Final = (("limestone", "marl rock"), ("sandstone", "mudstone"))
MEASURED: Final = frozenset({PAIRS[0]})  # told apart by CaCO3; the mudstone of these rows is no North Sea mudstone
LEAST_PIXELS: Final = 30  # of rock in a row


@dataclass(frozen=True)
class RowAnswer:
    """`truth` of the pair; `shares` of its rock called the first and the second of the pair; `brightness` 0–255."""

    photo: str
    truth: str | None
    shares: tuple[float, float]
    brightness: float
    caco3: float | None


def answers(
    photo: Photo, rows: Sequence[Row], pair: tuple[str, str], said: NDArray[np.uint8], space: LabelSpace
) -> list[RowAnswer]:
    """Of the rows of either rock, and of those measured that are neither; `said` (h, w) in classes of `space`."""
    first, second = (space.label[name] for name in pair)
    found = []
    for row in rows:
        labels, calls = photo.labels[row.there], said[row.there]
        rock = (labels > 0) & (labels != UNLABELLED)
        measured = row.caco3 is not None
        if rock.sum() >= LEAST_PIXELS and measured == (pair in MEASURED) and (measured or row.rock in pair):
            shares = float((calls[rock] == first).mean()), float((calls[rock] == second).mean())
            light = float(photo.pixels[row.there][rock].mean())
            found.append(RowAnswer(photo.name, row.rock, shares, light, row.caco3))
    return found


def balanced_accuracy(answered: Sequence[RowAnswer], pair: tuple[str, str]) -> float:
    """Mean of the shares of rows of each rock that were told right; a row called neither is wrong. nan: one is missing.

    A row is told as the rock of the pair that more of it is called.
    """
    rights = [[_told(row) == kind for row in answered if row.truth == name] for kind, name in enumerate(pair)]
    return float(np.mean([np.mean(right) for right in rights])) if all(rights) else float("nan")


def _told(row: RowAnswer) -> int | None:
    if row.shares[0] == row.shares[1]:
        return None
    return int(row.shares[1] > row.shares[0])


def brightness_threshold(training: Sequence[RowAnswer], pair: tuple[str, str]) -> tuple[float, bool] | None:
    """(threshold, whether the first rock is the brighter): the best on these rows. None where one rock is missing."""
    light = np.array([row.brightness for row in training if row.truth in pair])
    first = np.array([row.truth == pair[0] for row in training if row.truth in pair], bool)
    if first.all() or not first.any():
        return None
    levels = np.unique(light)
    best = max(
        (_balanced(light > level, first, brighter=brighter), float(level), brighter)
        for level in levels
        for brighter in (True, False)
    )
    return best[1], best[2]


def threshold_accuracy(judged: Sequence[RowAnswer], training: Sequence[RowAnswer], pair: tuple[str, str]) -> float:
    """Balanced accuracy on `judged` of the threshold fitted on `training`; nan where there is none to fit."""
    fitted = brightness_threshold(training, pair)
    light = np.array([row.brightness for row in judged if row.truth in pair])
    first = np.array([row.truth == pair[0] for row in judged if row.truth in pair], bool)
    if fitted is None or first.all() or not first.any():
        return float("nan")
    return _balanced(light > fitted[0], first, brighter=fitted[1])


def _balanced(above: NDArray[np.bool_], first: NDArray[np.bool_], *, brighter: bool) -> float:
    said = above if brighter else ~above
    return float((said[first].mean() + (~said[~first]).mean()) / 2)
