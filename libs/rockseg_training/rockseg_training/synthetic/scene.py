"""What lies before the camera: one core or a box of them on a floor, or no core at all."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.classes import UNLABELLED
from rockseg_training.synthetic import props
from rockseg_training.synthetic.colours import Colour, rock_colour
from rockseg_training.synthetic.column import Column, draw_column
from rockseg_training.synthetic.marks import Face

LAYOUTS: Final = ("tight", "single", "box", "nothing")
SHARES: Final = (0.4, 0.16, 0.33, 0.11)


@dataclass
class Scene:
    """pixels (h, w, 3) float32 and mask (h, w) uint8, drawn on as things are laid down; cores stand upright."""

    pixels: Face
    mask: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        return self.mask.shape[0], self.mask.shape[1]

    def lay(self, face: Face, top: int, left: int, mask: NDArray[np.uint8] | None = None) -> None:
        """Put a thing down, cut at the rim; `mask` is a core's (0 = see-through), none for things that are no rock."""
        height, width = self.size
        y0, x0, y1, x1 = max(0, top), max(0, left), min(height, top + face.shape[0]), min(width, left + face.shape[1])
        if y1 <= y0 or x1 <= x0:
            return
        face = face[y0 - top : y1 - top, x0 - left : x1 - left]
        if mask is None:
            self.pixels[y0:y1, x0:x1] = face
            self.mask[y0:y1, x0:x1] = 0
            return
        mask = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        there = mask > 0
        alpha = cv2.blur(there.astype(np.float32), (3, 3))[..., None]
        under = self.pixels[y0:y1, x0:x1]
        self.pixels[y0:y1, x0:x1] = np.where(alpha > 0, under + alpha * (face - under), under)
        self.mask[y0:y1, x0:x1][there] = mask[there]


def draw_scene(rng: np.random.Generator, height: int, width: int, core_width_px: float) -> Scene:
    """(height, width) with cores of `core_width_px`, upright. Padding beyond a tight core is UNLABELLED."""
    layout = LAYOUTS[rng.choice(len(LAYOUTS), p=SHARES)]
    if layout == "tight":
        return _tight(rng, height, width, core_width_px)
    colour = props.floor_colour(rng)
    if rng.random() < 0.06:
        colour = rock_colour(rng, int(rng.integers(1, 7)))  # a floor of the rock's own colour
    scene = Scene(props.floor(rng, height, width, colour), np.zeros((height, width), np.uint8))
    if layout == "single":
        _single(rng, scene, core_width_px)
    elif layout == "box":
        _box(rng, scene, core_width_px)
    else:
        _clutter(rng, scene, core_width_px, int(rng.integers(0, 5)))
        if rng.random() < 0.6:
            _box(rng, scene, core_width_px, empty=True)
    if rng.random() < 0.3:
        _clutter(rng, scene, core_width_px, int(rng.integers(1, 3)))
    return scene


def _tight(rng: np.random.Generator, height: int, width: int, core_width_px: float) -> Scene:
    """Rock to the rim, as in photos cut to one core; what the tile has beyond it is padding, and says nothing."""
    across = int(core_width_px)
    column = draw_column(rng, height, max(across, 24), whole=True)
    if across >= width:
        left = int(rng.integers(0, across - width + 1))
        return Scene(column.pixels[:, left : left + width].copy(), column.mask[:, left : left + width].copy())
    if rng.random() < 0.6:  # the next core lies against it
        beside = draw_column(rng, height, width - across, whole=True)
        both = np.concatenate([column.pixels, beside.pixels], 1), np.concatenate([column.mask, beside.mask], 1)
        return Scene(*both)
    left = int(rng.integers(0, width - across + 1)) if rng.random() < 0.5 else 0
    right = width - across - left
    mask = cv2.copyMakeBorder(column.mask, 0, 0, left, right, cv2.BORDER_CONSTANT, value=UNLABELLED)
    edge = (cv2.BORDER_REFLECT_101, cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)[rng.integers(3)]
    grey = float(rng.choice([0, 124, 255]))
    pixels = cv2.copyMakeBorder(column.pixels, 0, 0, left, right, edge, value=(grey, grey, grey))
    return Scene(pixels.astype(np.float32), mask.astype(np.uint8))


def _single(rng: np.random.Generator, scene: Scene, core_width_px: float) -> None:
    height, width = scene.size
    across = int(core_width_px)
    length = height if rng.random() < 0.6 else int(height * rng.uniform(0.4, 0.95))
    top = 0 if length == height else int(rng.uniform(0, height - length))
    lay_core(rng, scene, draw_column(rng, length, across), top, int(rng.uniform(-0.2, 1.0) * max(8, width - across)))


def lay_core(rng: np.random.Generator, scene: Scene, column: Column, top: int, left: int) -> None:
    """Lay a core with the shadow that it casts."""
    height, width = scene.size
    shadow = np.zeros((height, width), np.float32)
    y0, x0 = max(0, top), max(0, left)
    if y0 >= height or x0 >= width:
        return
    part = (column.mask > 0)[y0 - top :, x0 - left :][: height - y0, : width - x0]
    shadow[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    reach = column.mask.shape[1] * rng.uniform(0.01, 0.08)
    move = np.array([[1, 0, rng.uniform(-1, 1) * reach], [0, 1, rng.uniform(-1, 1) * reach]], np.float32)
    blurred = cv2.blur(cv2.warpAffine(shadow, move, (width, height)), (2 * int(reach) + 1, 2 * int(reach) + 1))
    scene.pixels *= 1 - rng.uniform(0.1, 0.75) * blurred[..., None]
    scene.lay(column.pixels, top, left, column.mask)


def _box(rng: np.random.Generator, scene: Scene, core_width_px: float, *, empty: bool = False) -> None:
    """Channels side by side with walls between them, each with core, spacers and gaps, or nothing."""
    height, width = scene.size
    across = int(core_width_px)
    wall_px = max(2, int(across * rng.uniform(0.03, 0.3)))
    play = int(across * rng.uniform(0.0, 0.15))
    colour, bottom = props.floor_colour(rng), props.floor_colour(rng)
    if rng.random() < 0.5:
        bottom = colour * rng.uniform(0.6, 1.05)
    left = -int(rng.uniform(0, 1) * across)
    end = width if rng.random() < 0.6 else int(width * rng.uniform(0.5, 1.0))
    while left < end:
        scene.lay(props.wall(rng, height, wall_px, colour), 0, left)
        left += wall_px
        _channel(rng, scene, left, across + play, bottom)
        if not empty and rng.random() < 0.9:
            _fill(rng, scene, left + int(rng.uniform(0, 1) * play), across)
        left += across + play
    scene.lay(props.wall(rng, height, wall_px, colour), 0, left)
    if rng.random() < 0.25:  # the box's end
        depth = int(rng.uniform(0.02, 0.25) * height)
        scene.lay(props.floor(rng, depth, width, colour), 0 if rng.random() < 0.5 else height - depth, 0)


def _channel(rng: np.random.Generator, scene: Scene, left: int, across: int, colour: Colour) -> None:
    face = props.floor(rng, scene.size[0], across, colour)
    x = np.linspace(0, 1, across, dtype=np.float32)
    light = 1 - rng.uniform(0, 0.6) * np.exp(-x / rng.uniform(0.04, 0.2)) - rng.uniform(0, 0.3) * np.exp((x - 1) / 0.08)
    scene.lay(face * light[:, None].astype(np.float32), 0, left)


def _fill(rng: np.random.Generator, scene: Scene, left: int, across: int) -> None:
    """One channel from top to bottom."""
    height, top = scene.size[0], -int(rng.uniform(0, 0.3) * across)
    while top < height:
        kind = rng.random()
        length = int(np.clip(rng.gamma(2.0, 1.2), 0.3, 8) * across)
        if kind < 0.75:
            length = height if rng.random() < 0.5 else length + across
            length = max(8, min(length, height - top))
            lay_core(rng, scene, draw_column(rng, length, across), top, left)
        elif kind < 0.87:
            scene.lay(props.foam(rng, length, across), top, left)
        elif kind < 0.92:
            scene.lay(props.slip(rng, max(8, length // 2), int(across * rng.uniform(0.6, 1))), top, left)
        top += length
    for _ in range(rng.poisson(0.6)):  # stickers on the rock
        size = max(3, int(across * rng.uniform(0.06, 0.25)))
        where = int(rng.uniform(0, height)), left + int(rng.uniform(0, 0.8) * across)
        scene.lay(props.slip(rng, size, int(size * rng.uniform(0.8, 1.6))), *where)


def _clutter(rng: np.random.Generator, scene: Scene, core_width_px: float, count: int) -> None:
    height, width = scene.size
    for _ in range(count):
        long, short = int(core_width_px * rng.uniform(0.5, 3)), max(6, int(core_width_px * rng.uniform(0.12, 0.9)))
        size = (long, short) if rng.random() < 0.5 else (short, long)
        thing = (props.foam, props.slip, props.ruler, props.chart)[rng.integers(4)]
        where = int(rng.uniform(-0.2, 1) * height), int(rng.uniform(-0.2, 1) * width)
        scene.lay(thing(rng, *size), *where)
