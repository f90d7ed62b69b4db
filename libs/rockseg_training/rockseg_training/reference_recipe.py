"""What the reference is trained on: drawn cores, then real photos too, in shares that say how much each teaches."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from rockseg_training.album import Group
from rockseg_training.batches import Recipe
from rockseg_training.datasets.photo import Dataset
from rockseg_training.datasets.shared import MaskedBox, read_shared, read_textures
from rockseg_training.folds import FOLDS, Fold
from rockseg_training.reference import REFERENCE

PHOTO_SHARE: Final = 0.5  # twins come on top; pretraining has shown drawn cores alone
# Told each time that rock is one of a few kinds, the network calls everything limestone or marl.
KIND_SHARE: Final = 0.5
REPAINT_SHARE: Final = 0.5  # of crops of boxes and columns, but those about a kind; see `repainted`
REDRESS_SHARE: Final = 0.3  # of crops of boxes and columns; see `redressed`
# Share of real crops by the start of the photo's name; textures, by class, share TEXTURE_SHARE.
FOLDER_SHARES: Final = {
    "core-boxes": 0.30,
    "boxes-carbonate": 0.26,
    "boxes-north-sea": 0.04,
    "columns": 0.07,
    "trays": 0.05,
    "strips": 0.09,
}
TEXTURE_SHARE: Final = 0.19
# Of crops of these boxes, the share that is about a pixel of a kind; the rest lies anywhere. Nearly twice as much is
# marl as limestone (more than four times in two boxes), and a crop about limestone mostly shows marl as well.
KIND_SHARES: Final = {"boxes-carbonate": {"limestone": 0.6, "marl rock": 0.2}}
PRETRAINING_SEED: Final = 1000  # more than the run's own: its crops are others


def reference_photos(data: Path) -> Dataset:
    """Boxes, columns, strips and crops of one rock."""
    boxes, textures = read_shared(data), read_textures(data)
    return replace(boxes, entries=(*boxes.entries, *textures.entries))


def pretraining_recipe(seed: int, data: Path | None) -> Recipe:
    """Drawn cores alone, in the layouts of real boxes: no photo is seen, so every fold may begin with it."""
    return replace(reference_recipe(seed + PRETRAINING_SEED, None), layouts=_layouts(data) if data else None)


def reference_recipe(seed: int, data: Path | None, fold: Fold = FOLDS["all"]) -> Recipe:
    """`data` as datasets/shared.py reads it; without it all crops are drawn, with no real textures and layouts."""
    if data is None:
        return Recipe(seed, REFERENCE, Dataset(REFERENCE, ()), families="train")
    photos = fold.training(reference_photos(data))
    textures = data / "textures"
    return Recipe(
        seed,
        REFERENCE,
        photos,
        groups_of(photos),
        PHOTO_SHARE,
        KIND_SHARE,
        REPAINT_SHARE,
        REDRESS_SHARE,
        twins=True,
        families="train",
        patches=textures,
        patches_left_out=fold.textures_left_out(textures, read_textures(data)),
        layouts=_layouts(data),
        scraps=tuple(entry for entry in photos.entries if isinstance(entry, MaskedBox)),
    )


def _layouts(data: Path) -> Path | None:
    file = data / "box-layouts.json"
    return file if file.exists() else None


def groups_of(photos: Dataset) -> tuple[Group, ...]:
    """A group a folder, one more for each kind of it in KIND_SHARES, and one for the textures of each class."""
    groups: dict[str, list[int]] = {}
    for index, entry in enumerate(photos.entries):
        folder = entry.name.rpartition("/")[0]
        groups.setdefault(folder or f"texture of {entry.labels()[0, 0]}", []).append(index)
    textures = sum(name not in FOLDER_SHARES for name in groups)
    found = []
    for name, photos_of in groups.items():
        share, kinds = FOLDER_SHARES.get(name, TEXTURE_SHARE / max(1, textures)), KIND_SHARES.get(name, {})
        found.append(Group(share * (1 - sum(kinds.values())), tuple(photos_of)))
        found += [Group(share * part, tuple(photos_of), REFERENCE.label[kind]) for kind, part in kinds.items()]
    return tuple(found)
