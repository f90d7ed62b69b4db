"""A box of cores: channels side by side with walls between them, filled from top to bottom."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic import props
from rockseg_training.synthetic.colours import any_rock_colour, shade
from rockseg_training.synthetic.column import draw_column
from rockseg_training.synthetic.props import Kind, Thing
from rockseg_training.synthetic.rock import Colour, Face
from rockseg_training.synthetic.scene import Scene, lay_core
from rockseg_training.synthetic.scraps import scrap_face
from rockseg_training.synthetic.stage import Stage

OWN_COLOUR_SHARE: Final = 0.4  # of boxes in the colour of what lies in them: grey slabs in grey trays
LINED_SHARE: Final = 0.12  # of channels: felt, paper and lids with writing were called rock
SCRAP_SHARE: Final = 0.5  # of foam and lining, where there are scraps; half as often of a channel's bottom
END_SHADOW_SHARE: Final = 0.3  # of channels: a dark block on an empty bottom was called rock


def draw_box(rng: np.random.Generator, scene: Scene, stage: Stage, *, empty: bool = False) -> None:
    """Channels with core, spacers and gaps; some empty, or all. Walls: 4–76 % of a core's width in 71 real boxes."""
    height, width = scene.size
    across = stage.across
    wall_px = max(2, int(across * np.clip(rng.lognormal(np.log(0.12), 0.7), 0.03, 0.7)))
    play = int(across * rng.uniform(0.0, 0.2))
    colour, bottom = props.floor_colour(rng), _bottom(rng)
    if rng.random() < 0.45:
        bottom = np.asarray(colour * rng.uniform(0.6, 1.05), np.float32)
    left = -int(rng.uniform(0, 1) * across)
    end = width if rng.random() < 0.6 else int(width * rng.uniform(0.5, 1.0))
    while left < end:
        scene.put(props.wall(rng, height, wall_px, colour), 0, left)
        left += wall_px
        _channel(rng, scene, left, across + play, bottom, stage)
        if not empty and rng.random() < 0.75:
            _fill(rng, scene, left + int(rng.uniform(0, 1) * play), stage)
        left += across + play
    scene.put(props.wall(rng, height, wall_px, colour), 0, left)
    if rng.random() < 0.25:  # the box's end
        depth = int(rng.uniform(0.02, 0.2) * height) + 2
        rim = Thing(Kind.WALL, props.floor(rng, depth, width, colour))
        scene.put(rim, 0 if rng.random() < 0.5 else height - depth, 0)
    if rng.random() < OWN_COLOUR_SHARE:
        _take_rock_colour(rng, scene)


def _take_rock_colour(rng: np.random.Generator, scene: Scene) -> None:
    """Trays and walls take the mean colour of the rock, each a little off it; their light and grain stay."""
    rock = scene.mask > 0
    if not rock.any():
        return
    colour = scene.pixels[rock].mean(0)
    for kind in (Kind.TRAY, Kind.WALL):
        there = scene.kinds == kind
        if there.any():
            wanted = shade(rng, colour, lightness=12, chroma=3)
            scene.pixels[there] *= np.clip(wanted / np.maximum(scene.pixels[there].mean(0), 1), 0.2, 4)


def _bottom(rng: np.random.Generator) -> Colour:
    """Card, plastic, paper; or, the hardest, the colour of a rock."""
    if rng.random() < 0.3:
        return any_rock_colour(rng)
    if rng.random() < 0.3:
        return shade(rng, np.array((236, 236, 232), np.float32), lightness=8, chroma=2)
    return props.floor_colour(rng)


def _channel(rng: np.random.Generator, scene: Scene, left: int, across: int, colour: Colour, stage: Stage) -> None:
    face = _real(rng, stage, props.floor(rng, scene.size[0], across, colour), SCRAP_SHARE / 2)
    x = np.linspace(0, 1, across, dtype=np.float32)
    light = 1 - rng.uniform(0, 0.6) * np.exp(-x / rng.uniform(0.04, 0.2)) - rng.uniform(0, 0.3) * np.exp((x - 1) / 0.08)
    face = face * light[:, None].astype(np.float32)
    if rng.random() < END_SHADOW_SHARE:
        face *= 1 - _end_shadow(rng, *face.shape[:2])
    scene.put(Thing(Kind.TRAY, face), 0, left)
    if rng.random() < LINED_SHARE:
        long = max(8, int(rng.uniform(0.3, 1.2) * len(face)))
        top = int(rng.uniform(-0.2, 0.8) * len(face))
        lining = props.sheet(rng, long, max(8, int(across * rng.uniform(0.7, 1))))
        scene.put(_or_real(rng, stage, lining), top, left)


def _or_real(rng: np.random.Generator, stage: Stage, thing: Thing) -> Thing:
    face = _real(rng, stage, thing.pixels, SCRAP_SHARE)
    return thing if face is thing.pixels else Thing(thing.kind, face)


def _real(rng: np.random.Generator, stage: Stage, face: Face, share: float) -> Face:
    """The face, or in its place, so often, a scrap of real background."""
    if not stage.scraps or rng.random() > share:
        return face
    return scrap_face(rng, stage.scraps, face.shape[0], face.shape[1], stage.core_width_px)


def _end_shadow(rng: np.random.Generator, height: int, across: int) -> NDArray[np.float32]:
    """(height, across, 1): the share of light that a channel's end wall takes from its bottom, in a soft block."""
    y = np.arange(height, dtype=np.float32)
    middle, half = rng.uniform(0, 1) * height, rng.uniform(0.05, 0.5) * across
    block = 1 / (1 + np.exp(np.clip((np.abs(y - middle) - half) / rng.uniform(1, 6), -30, 30)))
    deep: NDArray[np.float32] = (rng.uniform(0.3, 0.8) * np.repeat(block[:, None], across, 1)[..., None]).astype(
        np.float32
    )
    return deep


def _fill(rng: np.random.Generator, scene: Scene, left: int, stage: Stage) -> None:
    """One channel from top to bottom."""
    height, across, top = scene.size[0], stage.across, -int(rng.uniform(0, 0.3) * stage.across)
    while top < height:
        kind = rng.random()
        length = int(np.clip(rng.gamma(2.0, 1.2), 0.4, 8) * across)
        if kind < 0.68:
            length = height if rng.random() < 0.4 else length + across // 2
            length = max(8, min(length, height - top))
            lay_core(rng, scene, draw_column(rng, length, across, stage), top, left)
        elif kind < 0.86:
            length = min(length, 2 * across)
            scene.put(_or_real(rng, stage, props.foam(rng, length, int(across * rng.uniform(0.8, 1)))), top, left)
        elif kind < 0.93:
            scene.put(props.label(rng, max(8, length // 2), int(across * rng.uniform(0.6, 1))), top, left)
        top += length
    for _ in range(rng.poisson(0.8)):  # stickers on the rock
        size = max(4, int(across * rng.uniform(0.08, 0.25)))
        where = int(rng.uniform(0, height)), left + int(rng.uniform(0, 0.8) * across)
        scene.put(props.label(rng, size, int(size * rng.uniform(0.8, 1.6))), *where)
