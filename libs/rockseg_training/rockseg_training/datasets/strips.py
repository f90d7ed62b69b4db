"""Strips of core that a geologist logged along their length: a rock for each row, and no outline."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Photo
from rockseg_training.datasets.pictures import read_mask, read_photo
from rockseg_training.datasets.rows import Row
from rockseg_training.labels import ROCK, UNLABELLED, Labels
from rockseg_training.reference import REFERENCE

ROW_PX: Final = 13
CONTACT_PX: Final = 13  # 1 cm: so far off may a contact be, says who logged them; near it, rock of unknown kind
_SANDSTONE, _MUDSTONE, _INTERLAYERED = (
    REFERENCE.label[name] for name in ("sandstone", "mudstone", "interlayered sandstones and mudstones")
)
# The lithology's number → our label. Sandy mudstone may be mudstone or siltstone, and what is black is no photo.
LITHOLOGY: Final = {0: 0, 1: _SANDSTONE, 2: _SANDSTONE, 3: REFERENCE.label[ROCK], 4: _MUDSTONE, 5: _SANDSTONE}
INTERBEDDED: Final = 3  # of the facies: what alternates is of that class, whatever each bed is


@dataclass(frozen=True)
class Strip:
    """An entry of a dataset: NAME.jpg with NAME-lithology.png and NAME-facies.png, as wide as its core."""

    data: Path
    name: str
    hole: str

    def labels(self) -> Labels:
        lithology, facies = (self._logged(log) for log in ("lithology", "facies"))
        table = np.full(256, UNLABELLED, np.uint8)
        table[list(LITHOLOGY)] = list(LITHOLOGY.values())
        labels = table[lithology]
        labels[(facies == INTERBEDDED) & (labels != 0)] = _INTERLAYERED
        return _unsure_at_contacts(labels)

    def read(self) -> Photo:
        labels, pixels = self.labels(), read_photo(self.data / f"{self.name}.jpg")
        if pixels.shape[:2] != labels.shape:
            raise DatasetError(f"{self.name}: the photo is {pixels.shape[1::-1]}, its log {labels.shape[::-1]}.")
        return Photo(self.name, self.hole, pixels, labels, float(labels.shape[1]))

    def rows(self, labels: Labels) -> list[Row]:
        """Rows of ROW_PX, or what is left of a bed, of the rocks that are known for sure."""
        kinds = labels[:, labels.shape[1] // 2]
        edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
        return [
            Row(top, min(top + ROW_PX, bottom), 0, labels.shape[1], REFERENCE.names[kinds[top]])
            for first, bottom in pairwise(edges)
            if 0 < kinds[first] < len(REFERENCE.names)
            for top in range(first, bottom, ROW_PX)
        ]

    def _logged(self, log: str) -> Labels:
        return read_mask(self.data / f"{self.name}-{log}.png")[0]


def strips_in(data: Path, hole: str = "well 204/19-6") -> Iterator[Strip]:
    """Those in DATA/strips, all of one well."""
    for file in sorted((data / "strips").glob("*-lithology.png")):
        yield Strip(data, f"strips/{file.name.removesuffix('-lithology.png')}", hole)


def _unsure_at_contacts(labels: Labels) -> Labels:
    """Rows within CONTACT_PX of another rock become rock of unknown kind."""
    known = labels.copy()
    for shift in range(1, CONTACT_PX + 1):
        for here, there in ((np.s_[shift:], np.s_[:-shift]), (np.s_[:-shift], np.s_[shift:])):
            differ = (labels[here] != labels[there]) & (labels[here] > 0) & (labels[there] > 0)
            known[here][differ] = REFERENCE.label[ROCK]
    return known
