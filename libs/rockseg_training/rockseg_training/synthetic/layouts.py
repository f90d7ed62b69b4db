"""How cores lie before the camera: alone and tight, alone on a floor, in a box, or not at all."""

from typing import Final

import cv2
import numpy as np

from rockseg_training.synthetic import props
from rockseg_training.synthetic.box import draw_box
from rockseg_training.synthetic.clutter import scatter
from rockseg_training.synthetic.colours import any_rock_colour
from rockseg_training.synthetic.column import Column, draw_column
from rockseg_training.synthetic.kinds import UNLABELLED
from rockseg_training.synthetic.noise import profile
from rockseg_training.synthetic.pieces import pieces
from rockseg_training.synthetic.scene import Scene, lay_core
from rockseg_training.synthetic.stage import Stage

LAYOUTS: Final = ("tight", "beside", "single", "box", "nothing")
SHARES: Final = (0.34, 0.07, 0.12, 0.36, 0.11)
OWN_COLOUR_SHARE: Final = 0.16  # of floors of a rock's colour: a grey tray under grey sandstone was called rock
LOST_SHARE: Final = 0.2  # of photos cut to one core that show where some of it was lost


def draw_scene(rng: np.random.Generator, height: int, width: int, stage: Stage) -> Scene:
    """(height, width) with cores upright. Padding beyond a tight core is UNLABELLED."""
    layout = LAYOUTS[rng.choice(len(LAYOUTS), p=SHARES)]
    if layout in ("tight", "beside"):
        return _tight(rng, height, width, stage, beside=layout == "beside")
    own = rng.random() < OWN_COLOUR_SHARE
    colour = any_rock_colour(rng) if own else props.floor_colour(rng)
    scene = Scene(props.floor(rng, height, width, colour), np.zeros((height, width), np.uint8))
    if layout == "single":
        _single(rng, scene, stage)
    else:
        draw_box(rng, scene, stage, empty=layout == "nothing")
    scatter(rng, scene, stage.core_width_px)
    return scene


def _tight(rng: np.random.Generator, height: int, width: int, stage: Stage, *, beside: bool) -> Scene:
    """Rock to the rim, as in photos cut to one core; what the tile has beyond it is padding, and says nothing."""
    across = stage.across
    column = draw_column(rng, height, across, stage, whole=True)
    if rng.random() < LOST_SHARE:
        column = _with_lost_core(rng, column)
    if across >= width:
        left = int(rng.integers(0, across - width + 1))
        return Scene(column.pixels[:, left : left + width].copy(), column.mask[:, left : left + width].copy())
    if beside:  # the next core lies against it
        other = draw_column(rng, height, width - across, stage, whole=True)
        return Scene(np.hstack([column.pixels, other.pixels]), np.hstack([column.mask, other.mask]))
    left = int(rng.integers(0, width - across + 1)) if rng.random() < 0.5 else 0
    right = width - across - left
    mask = cv2.copyMakeBorder(column.mask, 0, 0, left, right, cv2.BORDER_CONSTANT, value=UNLABELLED)
    # The segmenter mirrors a tile that leaves the photo; other programs fill.
    edge = (cv2.BORDER_REFLECT_101, cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)[rng.choice(3, p=(0.7, 0.15, 0.15))]
    grey = float(rng.choice([0, 124, 255]))
    pixels = cv2.copyMakeBorder(column.pixels, 0, 0, left, right, edge, value=(grey, grey, grey))
    return Scene(pixels.astype(np.float32), mask.astype(np.uint8))


def _with_lost_core(rng: np.random.Generator, column: Column) -> Column:
    """Where core was lost, whoever cut the photo to the core left it black, or white, or filled it with one colour."""
    height, width = column.mask.shape
    lost = pieces(rng, height, width) == 0 if rng.random() < 0.5 else np.zeros((height, width), np.bool_)
    depth = np.arange(height, dtype=np.float32)[:, None]
    for _ in range(int(rng.integers(1, 4))):
        top, slope = rng.uniform(-0.2, 1.0) * height, rng.normal(0, 0.25)
        above = top + slope * np.arange(width) + 0.02 * width * profile(rng, width, width / 6)
        lost |= (depth > above) & (depth < above + width * rng.lognormal(np.log(0.5), 0.9))
    colour = (np.full(3, 4.0), np.full(3, 250.0), props.floor_colour(rng))[rng.choice(3, p=(0.5, 0.2, 0.3))]
    fill = colour + rng.uniform(0, 2) * rng.standard_normal((*lost.shape, 1), dtype=np.float32)
    pixels = np.where(lost[..., None], fill, column.pixels).astype(np.float32)
    return Column(pixels, np.where(lost, 0, column.mask).astype(np.uint8))


def _single(rng: np.random.Generator, scene: Scene, stage: Stage) -> None:
    height, width = scene.size
    length = height if rng.random() < 0.6 else int(height * rng.uniform(0.4, 0.95))
    top = 0 if length == height else int(rng.uniform(0, height - length))
    left = int(rng.uniform(-0.2, 1.0) * max(8, width - stage.across))
    lay_core(rng, scene, draw_column(rng, length, stage.across, stage), top, left)
