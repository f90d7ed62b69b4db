"""A drawn photo with its exact mask, fixed by its seed."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.classes import UNLABELLED
from rockseg_training.synthetic.camera import photograph
from rockseg_training.synthetic.scene import Scene, draw_scene

CORE_WIDTH_PX: Final = 160.0


@dataclass(frozen=True)
class Drawn:
    """pixels (h, w, 3) uint8 RGB; mask (h, w) uint8: a class's index, or 255 where the tile is padding."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def draw_crop(seed: tuple[int, ...], height: int, width: int) -> Drawn:
    """The same seed draws the same crop. Cores lie along either axis; their width is drawn around CORE_WIDTH_PX."""
    rng = np.random.default_rng(seed)
    along_x = bool(rng.random() < 0.5)
    across = core_width_px(rng)
    size = (width, height) if along_x else (height, width)
    scene = draw_scene(rng, *size, across)
    if rng.random() < 0.4:
        scene = _tilt(rng, scene)
    source = float(np.exp(rng.uniform(np.log(80), np.log(500))))  # pixels a core in the photo before it is scaled
    photo = photograph(rng, scene.pixels, sharpness=min(1.0, source / max(across, 80.0)))
    mask = scene.mask
    if along_x:
        photo, mask = np.rot90(photo), np.rot90(mask)
    if rng.random() < 0.5:
        photo, mask = photo[::-1], mask[::-1]
    return Drawn(np.ascontiguousarray(photo), np.ascontiguousarray(mask))


def core_width_px(rng: np.random.Generator) -> float:
    """Mostly near the scale at which tiles are cut; the first pass sees a whole photo, and thus far narrower cores."""
    kind = rng.random()
    if kind < 0.7:
        return float(np.clip(CORE_WIDTH_PX * np.exp(rng.normal(0, 0.17)), 90, 300))
    if kind < 0.93:
        return float(np.exp(rng.uniform(np.log(36), np.log(120))))
    return float(rng.uniform(200, 300))


def _tilt(rng: np.random.Generator, scene: Scene) -> Scene:
    """A camera held askew, by a few degrees; nothing is known of what comes in at the corners."""
    height, width = scene.size
    degrees = float(rng.normal(0, 2.0))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0 + abs(degrees) * 0.012)
    turn[0, 1] += rng.normal(0, 0.01)
    pixels = cv2.warpAffine(scene.pixels, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    mask = cv2.warpAffine(
        scene.mask,
        turn,
        (width, height),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=UNLABELLED,
    )
    return Scene(pixels.astype(np.float32), mask.astype(np.uint8))
