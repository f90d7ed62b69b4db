"""Stretches of core whose rock somebody measured or logged: they say the kind, and the photo's mask the outline."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.labels import UNLABELLED, Labels

MEASURED: Final = "labels.csv"  # of boxes-carbonate: X-ray fluorescence every 2 inches
# The table's word → our class. A transition (CaCO3 between 72 and 80 %) stays what the mask says: limestone or marl.
CLASSES: Final = {"limestone": "limestone", "marl": "marl rock", "dolomite": "dolomite", "mudstone": "mudstone"}
LEAST_SHARE: Final = 0.35  # of a pixel column that is core, for it to lie within a core and not in a wall between two


@dataclass(frozen=True)
class Row:
    """The pixels [top, bottom) × [left, right) of a photo are of class `rock`, None where it is neither of two.

    `caco3` in per cent, where measured.
    """

    top: int
    bottom: int
    left: int
    right: int
    rock: str | None
    caco3: float | None = None

    @property
    def there(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def measured_rows(folder: Path, photo: str, labels: Labels) -> list[Row]:
    """Of the photo FOLDER/`photo`.jpg, if it stands in FOLDER/labels.csv; `labels` (h, w) tell where its cores lie.

    Raises DatasetError where the table has more cores than the labels.
    """
    table = folder / MEASURED
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as lines:
        found = [row for row in csv.DictReader(lines) if row["file"] == f"{photo}.jpg"]
    cores = cores_across(labels)
    if found and max(int(row["column"]) for row in found) > len(cores):
        raise DatasetError(f"{table} has more columns of {photo}.jpg than its mask has cores: {len(cores)}.")
    return [
        Row(
            int(row["y_top"]),
            int(row["y_bottom"]) + 1,
            *cores[int(row["column"]) - 1],
            CLASSES.get(row["class"]),
            float(row["CaCO3_pct_from_XRF"]),
        )
        for row in found
    ]


def cores_across(labels: Labels) -> list[tuple[int, int]]:
    """[left, right) of upright cores, from the left."""
    rock = ((labels > 0) & (labels != UNLABELLED)).mean(0) > LEAST_SHARE
    edges = np.flatnonzero(np.diff(np.pad(rock, 1).astype(np.int8)))
    return [(int(left), int(right)) for left, right in edges.reshape(-1, 2).tolist()]


def with_kinds(labels: Labels, rows: Sequence[Row], label_of: dict[str, int]) -> Labels:
    """The labels, with rock within rows of known class labelled as that class."""
    known = labels.copy()
    for row in rows:
        if row.rock is not None:
            part = known[row.there]
            part[(part > 0) & (part != UNLABELLED)] = label_of[row.rock]
    return known
