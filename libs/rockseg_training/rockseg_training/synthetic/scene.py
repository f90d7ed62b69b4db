"""What lies before the camera, as things are laid down one upon the other."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.column import Column
from rockseg_training.synthetic.props import Kind, Thing
from rockseg_training.synthetic.rock import Face

Bytes = NDArray[np.uint8]


@dataclass
class Scene:
    """pixels (h, w, 3) float32, mask (h, w) uint8; `kinds` (h, w) uint8 is what is no rock, 0 for rock; `ink` (h, w)
    bool is where something is written. Cores stand upright.
    """

    pixels: Face
    mask: Bytes
    kinds: Bytes = field(init=False)
    ink: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = np.where(self.mask > 0, 0, Kind.FLOOR).astype(np.uint8)
        self.ink = np.zeros(self.mask.shape, np.bool_)

    @property
    def size(self) -> tuple[int, int]:
        return self.mask.shape[0], self.mask.shape[1]

    def put(self, thing: Thing, top: int, left: int) -> None:
        """Put down a thing that is no rock, cut at the rim."""
        window = self._window(thing.pixels.shape[:2], top, left)
        if window is None:
            return
        here, there = window
        self.pixels[here] = thing.pixels[there]
        self.mask[here] = 0
        self.kinds[here] = thing.kind
        self.ink[here] = thing.ink[there] if thing.ink is not None else False

    def lay(self, column: Column, top: int, left: int) -> None:
        """Lay a core: where its mask is 0 one sees through."""
        window = self._window(column.mask.shape, top, left)
        if window is None:
            return
        here, there = window
        face, mask = column.pixels[there], column.mask[there]
        rock = mask > 0
        alpha = cv2.GaussianBlur(rock.astype(np.float32), (3, 3), 0)[..., None]
        self.pixels[here] += alpha * (face - self.pixels[here])
        self.mask[here][rock] = mask[rock]
        self.kinds[here][rock] = 0
        self.ink[here][rock] = False if column.ink is None else column.ink[there][rock]

    def _window(
        self, size: tuple[int, ...], top: int, left: int
    ) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
        y0, x0 = max(0, top), max(0, left)
        y1, x1 = min(self.size[0], top + size[0]), min(self.size[1], left + size[1])
        if y1 <= y0 or x1 <= x0:
            return None
        return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))


def lay_core(rng: np.random.Generator, scene: Scene, column: Column, top: int, left: int) -> None:
    """Lay a core with the shadow that it casts."""
    height, width = scene.size
    y0, x0 = max(0, top), max(0, left)
    if y0 >= height or x0 >= width:
        return
    reach = column.mask.shape[1] * rng.uniform(0.01, 0.08)
    margin = 3 * int(reach) + 2
    part = (column.mask > 0)[y0 - top :, x0 - left :][: height - y0, : width - x0]
    above, before = min(y0, margin), min(x0, margin)
    below, after = min(height - y0 - part.shape[0], margin), min(width - x0 - part.shape[1], margin)
    rim = cv2.copyMakeBorder(part.astype(np.float32), above, below, before, after, cv2.BORDER_CONSTANT)
    move = np.array([[1, 0, rng.uniform(-1, 1) * reach], [0, 1, rng.uniform(-1, 1) * reach]], np.float32)
    blur = 2 * int(reach) + 1
    shadow = cv2.blur(cv2.warpAffine(rim, move, (rim.shape[1], rim.shape[0])), (blur, blur))
    here = slice(y0 - above, y0 + part.shape[0] + below), slice(x0 - before, x0 + part.shape[1] + after)
    scene.pixels[here] *= 1 - rng.uniform(0.1, 0.75) * shadow[..., None]
    scene.lay(column, top, left)
