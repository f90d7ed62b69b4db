"""A random crop of a real photo, at the scale and under the light that drawn crops have."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.photo import Photo
from rockseg_training.labels import UNLABELLED
from rockseg_training.repainted import Repainter
from rockseg_training.synthetic.camera import photograph
from rockseg_training.synthetic.crop import Drawn, core_width_px

Bytes = NDArray[np.uint8]


def crop_photo(
    rng: np.random.Generator,
    photo: Photo,
    height: int,
    width: int,
    *,
    around: tuple[int, int] | None = None,
    repaint: Repainter | None = None,
) -> Drawn:
    """(height, width) pixels and labels: scaled, cut, turned by quarters, mirrored, lit anew. Padding is unlabelled.

    `around` is a pixel of the photo (y, x) to have within the crop; without it the crop lies anywhere. `repaint` puts
    other rocks into its cores.
    """
    turned = bool(rng.random() < 0.5)
    rows, columns = (width, height) if turned else (height, width)
    across = core_width_px(rng)
    zoom = min(across / photo.core_width_px, 2.2)
    stretch = float(np.exp(rng.normal(0, 0.05)))
    source = max(8, int(rows / zoom * stretch)), max(8, int(columns / zoom))
    pixels, labels = _window(rng, photo, source, around)
    shrinks = zoom < 1
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    face = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=way), np.float32)
    labels = np.asarray(cv2.resize(labels, (columns, rows), interpolation=cv2.INTER_NEAREST), np.uint8)
    if repaint:
        face, labels = repaint(rng, face, labels, zoom * photo.core_width_px)
    pixels = photograph(rng, face)
    if turned:
        pixels, labels = np.rot90(pixels), np.rot90(labels)
    if rng.random() < 0.5:
        pixels, labels = pixels[::-1], labels[::-1]
    if rng.random() < 0.5:
        pixels, labels = pixels[:, ::-1], labels[:, ::-1]
    return Drawn(np.ascontiguousarray(pixels), np.ascontiguousarray(labels))


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
