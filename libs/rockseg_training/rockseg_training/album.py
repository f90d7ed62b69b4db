"""The photos that crops are cut from: which one is next, and as many of them in memory as there is room for."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.labels import FIRST_SET

MOST_CORE_WIDTH_PX: Final = 240.0  # crops have cores of 160 px; what is larger is reduced as it is read
MOST_BYTES: Final = 1 << 30
CLASS_SHARE: Final = 0.5  # of a site's crops: about a pixel of a class, each class alike, however rare it is
LEAST_PIXELS: Final = 200  # of a class in a photo, for the photo to be looked up for it


@dataclass(frozen=True)
class Group:
    """Photos, by index in the dataset, of which each is as likely; `label`: the crop is to have a pixel of it."""

    share: float
    photos: tuple[int, ...]
    label: int | None = None


class Album:
    """Photos of a dataset, read when first wanted and kept within MOST_BYTES."""

    def __init__(self, dataset: Dataset, groups: Sequence[Group]) -> None:
        self._dataset, self._groups = dataset, [group for group in groups if group.photos]
        self._shares = np.array([group.share for group in self._groups])
        self._read: OrderedDict[int, Photo] = OrderedDict()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._groups)

    def pick(self, rng: np.random.Generator) -> tuple[Photo, tuple[int, int] | None]:
        """A photo, and a pixel (y, x) that the crop of it is to have."""
        group = self._groups[rng.choice(len(self._groups), p=self._shares / self._shares.sum())]
        photo = self._photo(group.photos[rng.integers(len(group.photos))])
        if group.label is None:
            return photo, None
        there = np.flatnonzero(photo.labels.ravel() == group.label)
        if not len(there):  # so few that they went when the photo was reduced
            return photo, None
        y, x = divmod(int(there[rng.integers(len(there))]), photo.labels.shape[1])
        return photo, (y, x)

    def _photo(self, index: int) -> Photo:
        if index in self._read:
            self._read.move_to_end(index)
            return self._read[index]
        photo = self._dataset.read(self._dataset.entries[index]).reduced(MOST_CORE_WIDTH_PX)
        self._read[index] = photo
        self._bytes += _size(photo)
        while self._bytes > MOST_BYTES and len(self._read) > 1:
            self._bytes -= _size(self._read.popitem(last=False)[1])
        return photo


def _size(photo: Photo) -> int:
    return photo.pixels.nbytes + photo.labels.nbytes


def balanced(dataset: Dataset, counts: Mapping[str, NDArray[np.int64]]) -> tuple[Group, ...]:
    """Half of the crops from anywhere in any photo, the other half about a pixel of each class alike.

    `counts` are those of `Dataset.count`.
    """
    pixels = np.stack([counts[entry.name] for entry in dataset.entries])
    classes = [label for label in range(1, FIRST_SET) if (pixels[:, label] >= LEAST_PIXELS).any()]
    every = Group(1 - CLASS_SHARE if classes else 1.0, tuple(range(len(dataset.entries))))
    having = {label: tuple(np.flatnonzero(pixels[:, label] >= LEAST_PIXELS).tolist()) for label in classes}
    return (every, *(Group(CLASS_SHARE / len(classes), photos, label) for label, photos in having.items()))
