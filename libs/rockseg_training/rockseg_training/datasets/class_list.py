"""What the numbers in masks and the words on outlines mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rockseg_training.datasets.errors import DatasetError, listed
from rockseg_training.datasets.pictures import Palette
from rockseg_training.labels import FIRST_SET, ROCK, UNLABELLED, Labels, LabelSpace

FILE: Final = "classes.json"
BACKGROUND: Final = "background"
ANY_ROCK_VALUE: Final = 254  # in a mask: rock of unknown kind, whatever sets there are


@dataclass(frozen=True)
class ClassList:
    """`values`: a mask's number → a label of `space`; `colours` by number: those that the file itself gives."""

    space: LabelSpace
    values: Mapping[int, int]
    colours: Mapping[int, tuple[int, int, int]]
    outside: int  # the label of what no outline encloses
    source: str  # how error sentences call it

    def labels(self, mask: Labels, palette: Palette | None, mask_name: str) -> Labels:
        """A mask's numbers as labels. Raises DatasetError for a number without a meaning, or an odd palette."""
        counts = np.bincount(mask.ravel(), minlength=256)
        there = [int(value) for value in np.flatnonzero(counts)]
        if strange := [str(value) for value in there if value not in self.values]:
            raise DatasetError(
                f"The mask {mask_name} has {counts[int(strange[0])]} pixels of {listed(strange)}, which {self.source} "
                f"gives no class; its numbers are {self._numbers()}."
            )
        if palette:
            self._check_palette([value for value in there if value < min(FIRST_SET, len(palette))], palette, mask_name)
        table = np.full(256, UNLABELLED, np.uint8)
        table[list(self.values)] = list(self.values.values())
        return table[mask]

    def label(self, word: str, file_name: str) -> int:
        """The label of a word on an outline, upper or lower case. Raises DatasetError for one that is unknown."""
        name = word.strip().lower()
        if name in {"_background_", BACKGROUND}:
            return 0
        if name in {"__ignore__", "unlabelled"}:
            return UNLABELLED
        if name not in self.space.label:
            raise DatasetError(
                f"{file_name} has an outline called {word!r}, which is no class of {self.source}: there are "
                f"{', '.join(self.space.label)}. For a new class, list it in {FILE}."
            )
        return self.space.label[name]

    def _check_palette(self, there: Sequence[int], palette: Palette, mask_name: str) -> None:
        if all(red == green == blue == at for at, (red, green, blue) in enumerate(palette)):
            return  # a ramp of greys says nothing
        wanted = {
            value: self.colours.get(value, self.space.classes[label].rgb)
            for value, label in self.values.items()
            if value < FIRST_SET
        }
        for value in there:
            colour = palette[value]
            theirs = [other for other, painted in wanted.items() if painted == colour]
            # A colour that means nothing contradicts only what the file itself says.
            if value in theirs or not (theirs or value in self.colours):
                continue
            meant = f", the colour of {self.space.names[self.values[theirs[0]]]}" if theirs else ""
            raise DatasetError(
                f"The palette of the mask {mask_name} paints {value} in {colour}{meant}, but in {self.source} {value} "
                f"is {self.space.names[self.values[value]]}, {wanted[value]}: one of the two is in another order."
            )

    def _numbers(self) -> str:
        return ", ".join(
            f"{value} {self.space.names[label]}" for value, label in self.values.items() if value < FIRST_SET
        )


def with_fixed(numbers: Mapping[int, int], space: LabelSpace) -> dict[int, int]:
    """Numbers in masks → labels, with those that mean the same in every dataset."""
    return {**numbers, ANY_ROCK_VALUE: space.label[ROCK], UNLABELLED: UNLABELLED}
