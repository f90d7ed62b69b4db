"""What a run of the reference leaves out of training, so that figures on it mean something."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rockseg_training.datasets.photo import Dataset, Entry
from rockseg_training.datasets.shared import WELL


@dataclass(frozen=True)
class Fold:
    """`photos` by name, with all crops of them; `wells` whole; textures by any part of their file's name."""

    name: str
    photos: frozenset[str] = frozenset()
    wells: frozenset[str] = frozenset()
    textures: tuple[str, ...] = ()

    def leaves_out(self, entry: Entry) -> bool:
        crop = "/" not in entry.name and any(part in entry.name for part in self.textures)
        return bool({entry.name, entry.hole} & self.photos) or entry.hole in self.wells or crop

    def training(self, photos: Dataset) -> Dataset:
        return replace(photos, entries=tuple(entry for entry in photos.entries if not self.leaves_out(entry)))

    def left_out(self, photos: Dataset) -> Dataset:
        return replace(photos, entries=tuple(entry for entry in photos.entries if self.leaves_out(entry)))

    def textures_left_out(self, folder: Path, crops: Dataset) -> frozenset[str]:
        """Names, without ending, of the files in `folder` that the generator may not paint with."""
        of_boxes = {entry.name for entry in crops.entries if self.leaves_out(entry)}
        parts = {file.stem for file in folder.glob("*.jpg") if any(part in file.stem for part in self.textures)}
        return frozenset(of_boxes | parts)


# Of the strips' textures some are of well 204/19-6 and some of other wells of the North Sea, and no name says which:
# folds 1 and 2 go without all of them.
STRIP_TEXTURES: Final = "-strip-"


def _boxes(folder: str, start: str, *numbers: str) -> set[str]:
    return {f"{folder}/{start}-{number}" for number in numbers}


FOLDS: Final = {
    "all": Fold("all"),
    "1": Fold(
        "1",
        frozenset(_boxes("core-boxes", "box", "02", "03", "05") | _boxes("boxes-carbonate", "corebox", "01", "02")),
        frozenset({WELL}),
        (STRIP_TEXTURES,),
    ),
    "2": Fold(
        "2",
        frozenset(
            _boxes("core-boxes", "box", "08", "10", "13")
            | _boxes("boxes-carbonate", "corebox", "03", "04")
            | _boxes("boxes-north-sea", "corebox", "03")
            | _boxes("columns", "column", "01", "02")
        ),
        textures=(STRIP_TEXTURES, "sandstone-slab", "sandstone_muddy"),
    ),
    "3": Fold(
        "3",
        frozenset(_boxes("core-boxes", "box", "19", "21", "25") | _boxes("boxes-carbonate", "corebox", "06")),
    ),
}
