"""Real photos with masks, from a folder laid out like the shared data's; what is held out of training stands here."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_model.core_width import runs, weighted_median
from rockseg_training.classes import CLASSES, INDEX, UNLABELLED
from rockseg_training.labels import ANY_ROCK, LIME_OR_MARL, MUD_OR_LIME

# Never trained on, so that the card's figures on them mean something. By box: other boxes of their wells are trained
# on, save of the wells below.
HELD_OUT: Final = frozenset({
    "core-boxes/box-02", "core-boxes/box-03", "core-boxes/box-05", "boxes-carbonate/corebox-01",
    "boxes-carbonate/corebox-02", "boxes-north-sea/corebox-02", "columns/column-02", "trays/tray-02",
})  # fmt: skip
# Wells of which nothing is trained on, by the photo held out; 204/19-6 is also the strips and their textures.
HELD_OUT_WELLS: Final = {"boxes-north-sea/corebox-02": "well 204/19-6"}

# Folder → (ending of the mask's name, the mask's value → our label; other values are unlabelled).
BOXES: Final[dict[str, tuple[str, dict[int, int]]]] = {
    "core-boxes": (".rock.png", {0: 0, 1: MUD_OR_LIME}),
    "boxes-carbonate": ("-mask.png", {0: 0, 1: LIME_OR_MARL}),
    "boxes-north-sea": ("-mask.png", {0: 0, 1: ANY_ROCK, 2: 0}),
    "columns": ("-mask.png", {0: 0, 1: INDEX["sandstone"]}),
    "trays": ("-mask.png", {0: 0, 1: ANY_ROCK, 2: ANY_ROCK, 3: ANY_ROCK, 4: ANY_ROCK, 5: ANY_ROCK}),
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
class Photo:
    """pixels (h, w, 3) uint8 RGB, labels (h, w) uint8 (see labels.py); `core_width_px` sets its scale."""

    name: str
    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    core_width_px: float


def read_boxes(data: Path, *, held_out: bool) -> list[Photo]:
    """Photos of cores with rock masks: those to train on, or those held out."""
    photos = []
    for folder, (ending, meaning) in BOXES.items():
        for mask_file in sorted((data / folder).glob(f"*{ending}")):
            name = f"{folder}/{mask_file.name.removesuffix(ending)}"
            if (name in HELD_OUT) != held_out:
                continue
            mask = np.asarray(cv2.imread(str(mask_file), cv2.IMREAD_UNCHANGED))
            labels = np.full(256, UNLABELLED, np.uint8)
            labels[list(meaning)] = list(meaning.values())
            pixels = _read(data / f"{name}.jpg")
            if pixels.shape[:2] != mask.shape:
                raise ValueError(f"{name}: the photo is {pixels.shape[1::-1]}, its mask {mask.shape[::-1]}")
            photos.append(Photo(name, pixels, labels[mask], mask_core_width(labels[mask] != 0)))
    return photos


def shown_rocks(photos: Iterable[Photo]) -> dict[str, int]:
    """How many photos show rock of one known kind, by the class's name."""
    kinds = [np.unique(photo.labels) for photo in photos]
    return {
        rock.name: shown
        for index, rock in enumerate(CLASSES)
        if index and (shown := sum(index in labels for labels in kinds))
    }


def read_textures(data: Path) -> list[Photo]:
    """Crops of one rock each, to train on; a crop of a box held out is left out."""
    photos = []
    boxes = _boxes_of_crops(data)
    for file in sorted((data / "textures").glob("*.jpg")):
        kinds = [rock for start, rock in TEXTURES.items() if file.name.startswith(start)]
        if kinds and boxes.get(file.name) not in HELD_OUT:
            photos.append(_texture(file, INDEX[kinds[0]]))
    photos += [_texture(file, INDEX["conglomerate"]) for file in sorted((data / "gravel").glob("*.jpg"))]
    return photos


def mask_core_width(rock: NDArray[np.bool_]) -> float:
    """Pixels across one core: the area-weighted median run of rock along the axis on which runs are shorter.

    Not as `rockseg_model.core_width.measure` does it, whose axis is that of the longer mean run: a box's mask is all
    there is here, and the weights that the card tells of were trained at this scale.
    """
    widths = [weighted_median(lengths) for lines in (rock, rock.T) if len(lengths := runs(lines[::5]))]
    return max(8.0, min(widths, default=float(min(rock.shape))))


def _texture(file: Path, index: int) -> Photo:
    pixels = _read(file)
    return Photo(file.stem, pixels, np.full(pixels.shape[:2], index, np.uint8), float(min(pixels.shape[:2])))


def _boxes_of_crops(data: Path) -> dict[str, str]:
    table = data / "textures" / "carbonate-crops.csv"
    if not table.exists():
        return {}
    with table.open(newline="", encoding="utf-8") as lines:
        return {row["file"]: f"boxes-carbonate/{row['box']}" for row in csv.DictReader(lines)}


def _read(file: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{file} is no picture that can be read")
    return np.ascontiguousarray(pixels[..., ::-1]).astype(np.uint8)
