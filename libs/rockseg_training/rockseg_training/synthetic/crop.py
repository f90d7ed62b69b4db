"""A drawn photo with its exact mask, fixed by its seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.box_layouts import Channel
from rockseg_training.synthetic.camera import photograph
from rockseg_training.synthetic.families.family import Which
from rockseg_training.synthetic.kinds import UNLABELLED
from rockseg_training.synthetic.layouts import draw_scene
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.props import Kind
from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.scene import Scene
from rockseg_training.synthetic.scraps import Scrap
from rockseg_training.synthetic.stage import Stage
from rockseg_training.synthetic.suite import draw_suite
from rockseg_training.synthetic.textures import Textures

CORE_WIDTH_PX: Final = 160.0
CORE_MM: Final = (47.6, 63.5, 85.0, 100.0, 133.0)  # NQ, HQ, PQ, and two oil-field sizes
NARROW_SHARE: Final = 0.12  # of cores below 80 px, as the first pass over a whole photo sees them
SHOWN_SHARE: Final = 0.005  # of a crop: what covers less is not counted as shown


@dataclass(frozen=True)
class Drawn:
    """pixels (h, w, 3) uint8 RGB; mask (h, w) uint8: a class's index, or 255 where the tile is padding.

    `shown` are the kinds of things that are no rock, and "text"; `families` the names of those that painted.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    core_width_px: float = 0.0
    shown: frozenset[str] = field(default_factory=frozenset)
    families: frozenset[str] = field(default_factory=frozenset)


def draw_crop(
    seed: tuple[int, ...],
    height: int,
    width: int,
    *,
    families: Which = "all",
    textures: Textures | None = None,
    channels: Sequence[Channel] = (),
    scraps: Sequence[Scrap] = (),
) -> Drawn:
    """The same seed draws the same crop of (height, width). Cores lie along either axis, at most half as wide as the
    crop's longer side.

    `textures` (see `read_textures`) take the place of a third of the rocks that they show, save where only families
    held out may paint; `channels` (see `read_channels`) are layouts of real boxes; of
    `scraps` (see `cut_scraps`) is some of what is no rock.
    """
    rng = np.random.default_rng(seed)
    along_x = bool(rng.random() < 0.5)
    across = min(core_width_px(rng), max(height, width) / 2)
    painter = Painter(families, textures if textures and families != "held_out" else {})
    stage = Stage(painter, across, core_mm(rng, across), channels, draw_suite(rng), scraps)
    scene = draw_scene(rng, *((width, height) if along_x else (height, width)), stage)
    shown = _shown(scene)
    pixels, mask = scene.pixels, scene.mask
    if rng.random() < 0.4:
        pixels, mask = _askew(rng, pixels, mask)
    source = float(np.exp(rng.uniform(np.log(130), np.log(600))))  # pixels a core in the photo before it is scaled
    photo = photograph(rng, pixels, sharpness=min(1.0, source / max(across, 80.0)))
    if along_x:
        photo, mask = np.rot90(photo), np.rot90(mask)
    if rng.random() < 0.5:
        photo, mask = photo[::-1], mask[::-1]
    return Drawn(np.ascontiguousarray(photo), np.ascontiguousarray(mask), across, shown, frozenset(painter.painted))


def core_mm(rng: np.random.Generator, across_px: float) -> float:
    """A size of core that a photo with cores `across_px` wide may show: it has a pixel a mm and more."""
    return float(rng.choice([mm for mm in CORE_MM if across_px >= mm] or [CORE_MM[0]]))


def core_width_px(rng: np.random.Generator) -> float:
    """Mostly near the scale at which tiles are cut; the first pass sees a whole photo, and thus far narrower cores."""
    kind = rng.random()
    if kind < 0.68:
        return float(np.clip(CORE_WIDTH_PX * np.exp(rng.normal(0, 0.2)), 80, 300))
    if kind < 1 - NARROW_SHARE:
        return float(rng.uniform(80, 300))
    return float(np.exp(rng.uniform(np.log(36), np.log(80))))


def _shown(scene: Scene) -> frozenset[str]:
    least = SHOWN_SHARE * scene.mask.size
    counts = np.bincount(scene.kinds.ravel(), minlength=len(Kind) + 1)
    names = {kind.name.lower() for kind in Kind if counts[kind] >= least}
    return frozenset(names | ({"text"} if scene.ink.sum() >= 0.1 * least else set()))


def _askew(rng: np.random.Generator, pixels: Face, mask: NDArray[np.uint8]) -> tuple[Face, NDArray[np.uint8]]:
    """A camera held askew: a turn of a few degrees and some perspective; nothing is known of what comes in."""
    height, width = mask.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    degrees = float(rng.normal(0, 2.0))
    spin = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0 + abs(degrees) * 0.012)
    turned = corners @ spin[:, :2].T + spin[:, 2]
    turned += rng.normal(0, 0.012, (4, 2)) * (width, height)
    warp = cv2.getPerspectiveTransform(corners, turned.astype(np.float32))
    size, unknown = (width, height), float(UNLABELLED)
    face = cv2.warpPerspective(pixels, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    labels = cv2.warpPerspective(
        mask, warp, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=unknown
    )
    return face.astype(np.float32), labels.astype(np.uint8)
