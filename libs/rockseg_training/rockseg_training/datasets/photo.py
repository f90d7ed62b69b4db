"""Labelled photos, and a dataset of them that is read one at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_model.core_width import runs, weighted_median
from rockseg_training.labels import UNLABELLED, Labels, LabelSpace, translation


@dataclass(frozen=True)
class Photo:
    """pixels (h, w, 3) uint8 RGB, labels (h, w) uint8 of a LabelSpace; `core_width_px` sets its scale.

    `hole` is what must stay on one side of any split: a drill hole, or whatever else its photos have in common.
    """

    name: str
    hole: str
    pixels: NDArray[np.uint8]
    labels: Labels
    core_width_px: float

    def reduced(self, most_core_width_px: float) -> "Photo":
        """The photo with cores no wider than that: larger ones need memory and say nothing more."""
        zoom = most_core_width_px / self.core_width_px
        if zoom >= 1:
            return self
        height, width = (max(1, round(side * zoom)) for side in self.labels.shape)
        pixels = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_AREA)
        labels = cv2.resize(self.labels, (width, height), interpolation=cv2.INTER_NEAREST)
        return replace(
            self,
            pixels=np.asarray(pixels, np.uint8),
            labels=np.asarray(labels, np.uint8),
            core_width_px=most_core_width_px,
        )


class Entry(Protocol):
    """One photo of a dataset, not yet read; picklable, so that another process can read it."""

    @property
    def name(self) -> str: ...

    @property
    def hole(self) -> str: ...

    def labels(self) -> Labels:
        """(h, w) uint8, of the photo's displayed size. Raises DatasetError."""
        ...

    def read(self) -> Photo:
        """Raises DatasetError."""
        ...


@dataclass(frozen=True)
class Dataset:
    """Photos with labels of one space. `table` turns the entries' own labels into those of `space`."""

    space: LabelSpace
    entries: tuple[Entry, ...]
    table: Labels = field(default_factory=lambda: np.arange(256, dtype=np.uint8))

    def into(self, space: LabelSpace) -> "Dataset":
        """The same photos with the labels of a space that has, by name, all that this one has."""
        return replace(self, space=space, table=translation(self.space, space)[self.table])

    def of_holes(self, holes: frozenset[str]) -> "Dataset":
        return replace(self, entries=tuple(entry for entry in self.entries if entry.hole in holes))

    @property
    def holes(self) -> tuple[str, ...]:
        return tuple(sorted({entry.hole for entry in self.entries}))

    def read(self, entry: Entry) -> Photo:
        photo = entry.read()
        return replace(photo, labels=self.table[photo.labels])

    def photos(self) -> Iterator[Photo]:
        return map(self.read, self.entries)

    def count(self) -> Mapping[str, NDArray[np.int64]]:
        """(256,) pixels of each label, by photo. Reads the labels of all, and raises DatasetError for the first bad."""
        return {entry.name: np.bincount(self.table[entry.labels()].ravel(), minlength=256) for entry in self.entries}


def mask_core_width(rock: NDArray[np.bool_]) -> float:
    """Pixels across one core: the area-weighted median run of rock along the axis on which runs are shorter.

    Not as `rockseg_model.core_width.measure` does it, whose axis is that of the longer mean run: a box's mask is all
    there is here, and the weights that the card tells of were trained at this scale.
    """
    widths = [weighted_median(lengths) for lines in (rock, rock.T) if len(lengths := runs(lines[::5]))]
    return max(8.0, min(widths, default=float(min(rock.shape))))


def known_rock(labels: Labels) -> NDArray[np.bool_]:
    rock: NDArray[np.bool_] = (labels > 0) & (labels != UNLABELLED)
    return rock
