"""The reference's real photos, in the layout of their collection; what a fold leaves out stands in `folds`."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Dataset, Photo, mask_core_width
from rockseg_training.datasets.pictures import read_photo
from rockseg_training.datasets.rows import Row, measured_rows, with_kinds
from rockseg_training.datasets.strips import strips_in
from rockseg_training.labels import ROCK, UNLABELLED, Labels
from rockseg_training.reference import LIME_OR_MARL, MUD_OR_LIME, REFERENCE

# Wells that are known, by photo: of the strips' textures too, but their names do not say which are of it.
WELL: Final = "well 204/19-6"
WELLS: Final = dict.fromkeys(("boxes-north-sea/corebox-02", "strips/strip-fig11A", "strips/strip-fig11B"), WELL)

_ANY, _MUD_OR_LIME, _LIME_OR_MARL = (REFERENCE.label[name] for name in (ROCK, MUD_OR_LIME, LIME_OR_MARL))
# Folder → (ending of the mask's name, the mask's value → our label; other values are unlabelled).
BOXES: Final[dict[str, tuple[str, dict[int, int]]]] = {
    "core-boxes": (".rock.png", {0: 0, 1: _MUD_OR_LIME}),
    "boxes-carbonate": ("-mask.png", {0: 0, 1: _LIME_OR_MARL}),
    "boxes-north-sea": ("-mask.png", {0: 0, 1: _ANY, 2: 0}),
    "columns": ("-mask.png", {0: 0, 1: REFERENCE.label["sandstone"]}),
    "trays": ("-mask.png", {0: 0, 1: _ANY, 2: _ANY, 3: _ANY, 4: _ANY, 5: _ANY}),
}
# Folder → (the mask's value → what lies there that is no rock).
THINGS: Final[dict[str, dict[int, str]]] = {
    "core-boxes": {0: "foam, paper and card"},
    "boxes-carbonate": {0: "foam and card between carbonate cores"},
    "boxes-north-sea": {0: "tray's rim, slips, ruler and chart", 2: "empty tray"},
    "columns": {0: "beside a column"},
    "trays": {0: "between trays' cores"},
}
# Start of a texture's name → its class. Sandy mudstone may be mudstone or siltstone: left out.
TEXTURES: Final = {
    "sandstone-slab": "sandstone",
    "sandstone_muddy": "sandstone",
    "sandstone-strip": "sandstone",
    "laminated_sandstone-strip": "sandstone",
    "matrix_rich_sandstone-strip": "sandstone",
    "muddy_sandstone-strip": "sandstone",
    "oilstained_sandstone-strip": "sandstone",
    "mudstone-strip": "mudstone",
    "interlayered_sandstones_and_mudstones-strip": "interlayered sandstones and mudstones",
    "limestone-carbonate": "limestone",
    "marl-carbonate": "marl rock",
    "dolomite-carbonate": "dolomite",
    "limestone-outcrop": "limestone",
    "conglomerate": "conglomerate",
    "crust_laterite": "crust",
}


@dataclass(frozen=True)
class MaskedBox:
    """An entry of a dataset: a photo of cores with a mask of the rock. Its hole is itself or, if known, its well."""

    data: Path
    name: str

    @property
    def hole(self) -> str:
        return WELLS.get(self.name, self.name)

    def labels(self) -> Labels:
        meaning, mask = BOXES[self._folder][1], self._mask()
        table = np.full(256, UNLABELLED, np.uint8)
        table[list(meaning)] = list(meaning.values())
        labels: Labels = table[mask]
        return with_kinds(labels, self.rows(labels), dict(REFERENCE.label))

    def rows(self, labels: Labels) -> list[Row]:
        """Stretches of known kind."""
        file = self.data / self.name
        return measured_rows(file.parent, file.name, labels)

    def things(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """What is no rock, by name, (h, w)."""
        mask = self._mask()
        for value, thing in THINGS[self._folder].items():
            yield thing, mask == value

    @property
    def _folder(self) -> str:
        return self.name.partition("/")[0]

    def _mask(self) -> NDArray[np.uint8]:
        file = self.data / f"{self.name}{BOXES[self._folder][0]}"
        mask = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        if mask is None:
            raise DatasetError(f"{file} is no mask that can be read.")
        return np.asarray(mask, np.uint8)

    def read(self) -> Photo:
        labels, pixels = self.labels(), read_photo(self.data / f"{self.name}.jpg")
        if pixels.shape[:2] != labels.shape:
            raise DatasetError(f"{self.name}: the photo is {pixels.shape[1::-1]}, its mask {labels.shape[::-1]}.")
        # An unsure rim belongs to the core.
        return Photo(self.name, self.hole, pixels, labels, mask_core_width(labels != 0))


@dataclass(frozen=True)
class Texture:
    """An entry of a dataset: a crop of one rock, of the hole of the box that it was cut from."""

    file: Path
    index: int
    hole: str

    @property
    def name(self) -> str:
        return self.file.stem

    def labels(self) -> Labels:
        return np.full(read_photo(self.file).shape[:2], self.index, np.uint8)

    def read(self) -> Photo:
        pixels = read_photo(self.file)
        size = pixels.shape[:2]
        return Photo(self.name, self.hole, pixels, np.full(size, self.index, np.uint8), float(min(size)))


def is_shared(data: Path) -> bool:
    """Whether a folder of it holds a mask: a .json beside the folders is no outline of labelme's then."""
    return any(any((data / folder).glob(f"*{ending}")) for folder, (ending, _) in BOXES.items())


def read_shared(data: Path) -> Dataset:
    """Boxes, columns and strips. Raises DatasetError when one is read."""
    boxes = [
        MaskedBox(data, f"{folder}/{mask.name.removesuffix(ending)}")
        for folder, (ending, _) in BOXES.items()
        for mask in sorted((data / folder).glob(f"*{ending}"))
    ]
    return Dataset(REFERENCE, (*boxes, *strips_in(data)))


def read_textures(data: Path) -> Dataset:
    """Crops of one rock each."""
    entries = []
    boxes = _boxes_of_crops(data)
    for file in sorted((data / "textures").glob("*.jpg")):
        kinds = [rock for start, rock in TEXTURES.items() if file.name.startswith(start)]
        if kinds:
            entries.append(Texture(file, REFERENCE.label[kinds[0]], boxes.get(file.name, file.stem)))
    gravel = REFERENCE.label["conglomerate"]
    entries += [Texture(file, gravel, "gravel") for file in sorted((data / "gravel").glob("*.jpg"))]
    return Dataset(REFERENCE, tuple(entries))


def shown_rocks(photos: Iterable[Photo]) -> dict[str, int]:
    """How many photos show rock of one known kind, by the class's name."""
    kinds = [np.unique(photo.labels) for photo in photos]
    return {
        rock.name: shown
        for index, rock in enumerate(REFERENCE.classes)
        if index and (shown := sum(index in labels for labels in kinds))
    }


def _boxes_of_crops(data: Path) -> dict[str, str]:
    table = data / "textures" / "carbonate-crops.csv"
    if not table.exists():
        return {}
    with table.open(newline="", encoding="utf-8") as lines:
        return {row["file"]: f"boxes-carbonate/{row['box']}" for row in csv.DictReader(lines)}
