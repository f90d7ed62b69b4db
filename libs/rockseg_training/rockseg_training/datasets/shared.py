"""The reference's real photos, in the layout of their collection; what is held out of training stands here."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Dataset, Photo, mask_core_width
from rockseg_training.labels import ROCK, UNLABELLED, Labels
from rockseg_training.reference import LIME_OR_MARL, MUD_OR_LIME, REFERENCE

# Never trained on, so that the card's figures on them mean something. By box: other boxes of their wells are trained
# on, save of the wells below.
HELD_OUT: Final = frozenset({
    "core-boxes/box-02", "core-boxes/box-03", "core-boxes/box-05", "boxes-carbonate/corebox-01",
    "boxes-carbonate/corebox-02", "boxes-north-sea/corebox-02", "columns/column-02", "trays/tray-02",
})  # fmt: skip
# Wells of which nothing is trained on, by the photo held out; 204/19-6 is also the strips and their textures.
HELD_OUT_WELLS: Final = {"boxes-north-sea/corebox-02": "well 204/19-6"}

_ANY, _MUD_OR_LIME, _LIME_OR_MARL = (REFERENCE.label[name] for name in (ROCK, MUD_OR_LIME, LIME_OR_MARL))
# Folder → (ending of the mask's name, the mask's value → our label; other values are unlabelled).
BOXES: Final[dict[str, tuple[str, dict[int, int]]]] = {
    "core-boxes": (".rock.png", {0: 0, 1: _MUD_OR_LIME}),
    "boxes-carbonate": ("-mask.png", {0: 0, 1: _LIME_OR_MARL}),
    "boxes-north-sea": ("-mask.png", {0: 0, 1: _ANY, 2: 0}),
    "columns": ("-mask.png", {0: 0, 1: REFERENCE.label["sandstone"]}),
    "trays": ("-mask.png", {0: 0, 1: _ANY, 2: _ANY, 3: _ANY, 4: _ANY, 5: _ANY}),
}
# Start of a texture's name → its class; the strips' textures are held out with their well.
TEXTURES: Final = {
    "sandstone-slab": "sandstone",
    "sandstone_muddy": "sandstone",
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
        return HELD_OUT_WELLS.get(self.name, self.name)

    def labels(self) -> Labels:
        ending, meaning = BOXES[self.name.partition("/")[0]]
        mask = np.asarray(cv2.imread(str(self.data / f"{self.name}{ending}"), cv2.IMREAD_UNCHANGED))
        table = np.full(256, UNLABELLED, np.uint8)
        table[list(meaning)] = list(meaning.values())
        labels: Labels = table[mask]
        return labels

    def read(self) -> Photo:
        labels, pixels = self.labels(), _read(self.data / f"{self.name}.jpg")
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
        return np.full(_read(self.file).shape[:2], self.index, np.uint8)

    def read(self) -> Photo:
        pixels = _read(self.file)
        size = pixels.shape[:2]
        return Photo(self.name, self.hole, pixels, np.full(size, self.index, np.uint8), float(min(size)))


def is_shared(data: Path) -> bool:
    return any((data / folder).is_dir() for folder in BOXES)


def read_shared(data: Path, *, held_out: bool | None = None) -> Dataset:
    """The boxes; of them those to train on, or those held out, if told so. Raises DatasetError when one is read."""
    names = [
        f"{folder}/{mask.name.removesuffix(ending)}"
        for folder, (ending, _) in BOXES.items()
        for mask in sorted((data / folder).glob(f"*{ending}"))
    ]
    wanted = [name for name in names if held_out is None or (name in HELD_OUT) == held_out]
    return Dataset(REFERENCE, tuple(MaskedBox(data, name) for name in wanted))


def read_textures(data: Path) -> Dataset:
    """Crops of one rock each, to train on; a crop of a box held out is left out."""
    entries = []
    boxes = _boxes_of_crops(data)
    for file in sorted((data / "textures").glob("*.jpg")):
        kinds = [rock for start, rock in TEXTURES.items() if file.name.startswith(start)]
        if kinds and boxes.get(file.name) not in HELD_OUT:
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


def _read(file: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if pixels is None:
        raise DatasetError(f"{file} is no picture that can be read.")
    return np.ascontiguousarray(pixels[..., ::-1]).astype(np.uint8)
