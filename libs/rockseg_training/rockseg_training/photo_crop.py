"""A random crop of a real photo, at the scale and under the light that drawn crops have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.photo import Photo
from rockseg_training.labels import UNLABELLED, Labels
from rockseg_training.redressed import redressed
from rockseg_training.repainted import Repainter
from rockseg_training.synthetic.camera import photograph
from rockseg_training.synthetic.crop import Drawn, core_width_px
from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.scraps import Scrap

Bytes = NDArray[np.uint8]

TWIN_SHIFT_PX: Final = 32  # a twin lies so far from its first, along both axes: what a tile's rim cuts off differs


@dataclass(frozen=True)
class Changes:
    """What of the photo is not left as it is: its rocks by `repaint`, its background if `redress`.

    Then, if `empty`, core may be lost as well; `scraps` are some of what lies in its place.
    """

    repaint: Repainter | None = None
    redress: bool = False
    empty: bool = True
    scraps: Sequence[Scrap] = ()


def crop_photo(
    rng: np.random.Generator,
    photo: Photo,
    height: int,
    width: int,
    *,
    around: tuple[int, int] | None = None,
    changes: Changes = Changes(),
) -> Drawn:
    """(height, width) pixels and labels: scaled, cut, turned by quarters, mirrored, lit anew. Padding is unlabelled.

    `around` is a pixel of the photo (y, x) to have within the crop; without it the crop lies anywhere.
    """
    turned = bool(rng.random() < 0.5)
    face, labels = _scene(rng, photo, (width, height) if turned else (height, width), around, changes)
    pixels, labels = _turned(rng, [photograph(rng, face)], labels, turned=turned)
    return Drawn(pixels[0], labels)


def crop_twins(
    rng: np.random.Generator,
    photo: Photo,
    height: int,
    width: int,
    *,
    changes: Changes = Changes(),
) -> tuple[Drawn, Drawn]:
    """As `crop_photo` does, and the same place again in another light, TWIN_SHIFT_PX down and right, then mirrored.

    `second.pixels[:-s, ::-1][:, :-s]` shows what `first.pixels[s:, s:]` shows.
    """
    turned, shift = bool(rng.random() < 0.5), TWIN_SHIFT_PX
    size = height + shift, width + shift
    face, labels = _scene(rng, photo, (size[1], size[0]) if turned else size, None, changes)
    (first, second), labels = _turned(rng, [photograph(rng, face), photograph(rng, face)], labels, turned=turned)
    here, there = np.s_[:height, :width], np.s_[shift:, shift:]
    return Drawn(np.ascontiguousarray(first[here]), np.ascontiguousarray(labels[here])), Drawn(
        np.ascontiguousarray(second[there][:, ::-1]), np.ascontiguousarray(labels[there][:, ::-1])
    )


def _scene(
    rng: np.random.Generator, photo: Photo, size: tuple[int, int], around: tuple[int, int] | None, changes: Changes
) -> tuple[Face, Labels]:
    """Pixels (rows, columns, 3) and labels (rows, columns) of `size`, upright as the photo is, before any turn."""
    rows, columns = size
    across = core_width_px(rng)
    zoom = min(across / photo.core_width_px, 2.2)
    stretch = float(np.exp(rng.normal(0, 0.05)))
    source = max(8, int(rows / zoom * stretch)), max(8, int(columns / zoom))
    pixels, labels = _window(rng, photo, source, around)
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    face = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=way), np.float32)
    labels = np.asarray(cv2.resize(labels, (columns, rows), interpolation=cv2.INTER_NEAREST), np.uint8)
    if changes.repaint:
        face, labels = changes.repaint(rng, face, labels, zoom * photo.core_width_px)
    if changes.redress:
        reach = zoom * photo.core_width_px
        face, labels = redressed(rng, face, labels, reach, empty=changes.empty, scraps=changes.scraps)
    return face, labels


def _turned(
    rng: np.random.Generator, photos: list[Bytes], labels: Labels, *, turned: bool
) -> tuple[list[Bytes], Labels]:
    """`photos` (h, w, 3) and `labels` (h, w), all turned by a quarter, if `turned`, and mirrored in the same way."""
    together = [*photos, labels]
    if turned:
        together = [np.rot90(one) for one in together]
    if rng.random() < 0.5:
        together = [one[::-1] for one in together]
    if rng.random() < 0.5:
        together = [one[:, ::-1] for one in together]
    *photos, labels = [np.ascontiguousarray(one) for one in together]
    return photos, labels


def _window(
    rng: np.random.Generator, photo: Photo, size: tuple[int, int], around: tuple[int, int] | None
) -> tuple[Bytes, Bytes]:
    """A window of `size`; where the photo is smaller it is mirrored, and what is mirrored is unlabelled."""
    corner, ends = [], []
    for axis, (length, have) in enumerate(zip(size, photo.labels.shape, strict=True)):
        least, most = min(0, have - length), max(0, have - length)
        if around and have > length:
            least, most = max(least, around[axis] - length + 1), min(most, around[axis])
        first = int(rng.integers(least, most + 1))
        corner.append(first)
        ends.append(first + length)
    top, left = max(0, corner[0]), max(0, corner[1])
    pixels, labels = photo.pixels[top : ends[0], left : ends[1]], photo.labels[top : ends[0], left : ends[1]]
    before = top - corner[0], left - corner[1]
    after = size[0] - before[0] - labels.shape[0], size[1] - before[1] - labels.shape[1]
    if any((*before, *after)):
        rim = before[0], after[0], before[1], after[1]
        pixels = np.asarray(cv2.copyMakeBorder(pixels, *rim, cv2.BORDER_REFLECT), np.uint8)
        # A texture is one rock, mirrored or not.
        edge = cv2.BORDER_REFLECT if photo.labels.min() == photo.labels.max() else cv2.BORDER_CONSTANT
        labels = np.asarray(cv2.copyMakeBorder(labels, *rim, edge, value=UNLABELLED), np.uint8)
    return pixels, labels
