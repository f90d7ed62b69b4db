"""DATA/photos/NAME.jpg beside DATA/masks/NAME.png: what the brush of any drawing program makes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rockseg_training.datasets.class_list import ClassList
from rockseg_training.datasets.classes_file import read_class_list
from rockseg_training.datasets.errors import DatasetError, listed
from rockseg_training.datasets.holes import Origin, read_origins
from rockseg_training.datasets.photo import Dataset, Photo, known_rock, mask_core_width
from rockseg_training.datasets.pictures import photo_size, photos_in, read_mask, read_photo
from rockseg_training.labels import Labels, LabelSpace

PHOTOS: Final = "photos"
MASKS: Final = "masks"
# The second is how `rockseg segment` names its masks: to mend those is less work than to begin with nothing.
MASK_NAMES: Final = ("{}.png", "{}-mask.png")


@dataclass(frozen=True)
class MaskedPhoto:
    """An entry of a dataset."""

    file: Path
    mask: Path
    classes: ClassList
    origin: Origin

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def hole(self) -> str:
        return self.origin.hole

    def labels(self) -> Labels:
        mask, palette = read_mask(self.mask)
        height, width = photo_size(self.file)
        if mask.shape != (height, width):
            raise DatasetError(
                f"The mask {self.mask} is {mask.shape[1]} × {mask.shape[0]} pixels, but its photo {self.file} is shown "
                f"with {width} × {height}."
            )
        return self.classes.labels(mask, palette, str(self.mask))

    def read(self) -> Photo:
        labels = self.labels()
        width = self.origin.core_width_px or mask_core_width(known_rock(labels))
        return Photo(self.name, self.hole, read_photo(self.file), labels, width)


def read_folder(data: Path, base: LabelSpace) -> Dataset:
    """Raises DatasetError: no photos, a photo without a mask, and what classes.json and holes.csv may have wrong."""
    photos = photos_in(data / PHOTOS)
    if not photos:
        raise DatasetError(f"There are no photos in {data / PHOTOS}.")
    classes = read_class_list(data, base)
    masks = {photo: _mask_of(photo, data / MASKS) for photo in photos}
    if missing := [photo.name for photo, mask in masks.items() if mask is None]:
        raise DatasetError(
            f"There is no mask in {data / MASKS} for {listed(missing)}; the mask of NAME.jpg is called NAME.png."
        )
    origins = read_origins(data, photos)
    entries = [MaskedPhoto(photo, mask, classes, origins[photo.name]) for photo, mask in masks.items() if mask]
    return Dataset(classes.space, tuple(entries))


def _mask_of(photo: Path, folder: Path) -> Path | None:
    files = (folder / name.format(photo.stem) for name in MASK_NAMES)
    return next((file for file in files if file.is_file()), None)
