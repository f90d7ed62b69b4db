"""Everything in a core photo that is no rock: floors, walls, foam, labels, rulers, charts."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.colours import any_colour, shade
from rockseg_training.synthetic.noise import fractal, profile
from rockseg_training.synthetic.rock import Colour, Face
from rockseg_training.synthetic.writing import write

# Cardboard, wood, grey plastic, steel, white paper, black cloth, concrete, a blue table.
FLOORS: Final = (
    (168, 118, 62), (190, 146, 88), (132, 92, 54), (150, 150, 140), (172, 176, 178), (236, 236, 232), (22, 22, 24),
    (128, 124, 118), (52, 58, 70), (206, 200, 186),
)  # fmt: skip
# White, blue, lime, red, and a foam gone yellow.
FOAMS: Final = ((238, 238, 236), (52, 132, 206), (186, 232, 52), (206, 58, 56), (226, 214, 190))
# Felt, paper, cream lids, kraft paper, grey wrapping.
SHEETS: Final = ((226, 226, 222), (240, 238, 232), (206, 194, 170), (186, 158, 118), (176, 172, 156))
PAPERS: Final = ((234, 232, 226), (234, 232, 226), (240, 222, 150), (170, 200, 224), (226, 120, 110))


class Kind(IntEnum):
    """What a thing is, to count what a crop shows."""

    FLOOR = 1
    WALL = 2
    TRAY = 3
    FOAM = 4
    LABEL = 5
    RULER = 6
    CHART = 7


@dataclass(frozen=True)
class Thing:
    """pixels (h, w, 3) float32; `ink` (h, w) bool where something is written on it, or None."""

    kind: Kind
    pixels: Face
    ink: NDArray[np.bool_] | None = None


def floor_colour(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.15:
        return any_colour(rng)
    return shade(rng, np.array(FLOORS[rng.integers(len(FLOORS))], np.float32), lightness=14, chroma=4)


def floor(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Face:
    """(height, width, 3): flat, speckled, ribbed like card or grained like wood."""
    kind = rng.random()
    # One channel until the end: three times as many additions were a tenth of a crop's time.
    grain = rng.uniform(0, 4) * rng.standard_normal((height, width), dtype=np.float32)
    if kind < 0.3:
        return np.asarray(colour + grain[..., None], np.float32)
    if kind < 0.7:
        texture = fractal(rng, height, width, beta=rng.uniform(0.5, 2.5), finest_px=2.0)
    elif kind < 0.85:
        texture = fractal(rng, height, width, beta=1.5, stretch=(20.0, 1.0), finest_px=2.0)
    else:
        texture = np.broadcast_to(np.sin(np.arange(width) * rng.uniform(0.3, 1.2)).astype(np.float32), (height, width))
    grain += rng.uniform(0.5, 5) * texture
    return np.asarray(colour + grain[..., None], np.float32)


def wall(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Thing:
    """A strip between two cores: lit edge, dark edge, grain along it."""
    light = np.ones(width, np.float32)
    rim = max(1, int(width * rng.uniform(0.1, 0.35)))
    light[:rim] *= rng.uniform(0.9, 1.35)
    light[-rim:] *= rng.uniform(0.4, 0.9)
    along_it = 1 + 0.03 * profile(rng, height, height / 12)
    strip: Face = colour * light[None, :, None] * along_it[:, None, None]
    return Thing(Kind.WALL, strip + 2.5 * rng.standard_normal((height, width, 1), dtype=np.float32))


def foam(rng: np.random.Generator, height: int, width: int) -> Thing:
    """A spacer in the place of lost core: a cylinder or block, often with a depth written on it."""
    colour = shade(rng, np.array(FOAMS[rng.integers(len(FOAMS))], np.float32), lightness=12, chroma=6)
    x = np.linspace(-1, 1, width, dtype=np.float32)
    light = np.ones(width, np.float32)
    if rng.random() < 0.65:
        light = (1 - rng.uniform(0.15, 0.6) * (x - rng.uniform(-0.3, 0.3)) ** 2).astype(np.float32)
    face = (colour * light[None, :, None] + np.zeros((height, 1, 1), np.float32)).astype(np.float32)
    face = face + rng.uniform(0, 7) * fractal(rng, height, width, beta=rng.uniform(0, 1.5), finest_px=1.5)[..., None]
    return Thing(Kind.FOAM, *write(rng, face, lines=int(rng.integers(0, 3))))


def label(rng: np.random.Generator, height: int, width: int) -> Thing:
    """A piece of paper, mostly with writing."""
    colour = shade(rng, np.array(PAPERS[rng.integers(len(PAPERS))], np.float32), lightness=10, chroma=3)
    face = colour + rng.normal(0, 1, (height, width, 1)).astype(np.float32)
    lines = 1 + int(rng.integers(0, 4)) if rng.random() < 0.8 else 0
    return Thing(Kind.LABEL, *write(rng, face.astype(np.float32), lines=lines))


def sheet(rng: np.random.Generator, height: int, width: int) -> Thing:
    """What lines a channel or takes the place of core: felt, paper or a lid, folded, soiled and written on."""
    colour = shade(rng, np.array(SHEETS[rng.integers(len(SHEETS))], np.float32), lightness=14, chroma=5)
    texture = fractal(rng, height, width, beta=rng.uniform(0.3, 2.5), finest_px=1.5)
    deep, finest = rng.uniform(0, 0.12), max(2.0, width / 12)
    folds = deep * fractal(rng, height, width, beta=2.5, stretch=(8.0, 1.0), finest_px=finest)
    face = (colour + rng.uniform(0.5, 7) * texture[..., None]) * (1 + folds[..., None])
    if rng.random() < 0.5:
        dirt = np.clip(fractal(rng, height, width, beta=1.2, finest_px=2.0) - rng.uniform(1.2, 2.4), 0, 1)
        face = face * (1 - rng.uniform(0.3, 0.8) * dirt[..., None])
    drawing = np.clip(face, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 4))):  # strokes of a pen
        bends = np.cumsum(rng.normal(0, 0.15, (6, 2)), 0) + rng.random(2)
        points = np.round(bends * (width, height) * 8).astype(np.int32)
        grey = float(rng.uniform(10, 80))
        cv2.polylines(drawing, [points], False, (grey, grey, grey), 1, cv2.LINE_AA, 3)
    return Thing(Kind.LABEL, *write(rng, drawing.astype(np.float32), lines=int(rng.integers(0, 4))))


def block(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Thing:
    """A folded piece of the box's own card in the place of core: creases along and across it, a face in shade."""
    face = floor(rng, height, width, shade(rng, colour, lightness=10, chroma=3))
    for axis in (0, 1):
        x = np.linspace(0, 1, face.shape[axis], dtype=np.float32)
        fold, soft = rng.uniform(0, 1), rng.uniform(0.002, 0.05)
        light = 1 - rng.uniform(0, 0.5) / (1 + np.exp(np.clip((fold - x) / soft, -30, 30)))
        light -= rng.uniform(0, 0.3) * np.exp(-(((x - fold) / (2 * soft)) ** 2))
        face = face * light.reshape((-1, 1, 1) if axis == 0 else (1, -1, 1)).astype(np.float32)
    return Thing(Kind.WALL, soiled(rng, face))


def soiled(rng: np.random.Generator, face: Face) -> Face:
    """Every second face with specks and smears of dirt."""
    if rng.random() < 0.5:
        return face
    finest = rng.uniform(1.5, 3.0)
    dirt = fractal(rng, *face.shape[:2], beta=rng.uniform(0.3, 1.8), finest_px=finest) - rng.uniform(1.2, 2.4)
    return np.asarray(face * (1 - rng.uniform(0.3, 0.8) * np.clip(dirt, 0, 1)[..., None]), np.float32)


def ruler(rng: np.random.Generator, height: int, width: int) -> Thing:
    """Ticks with figures, or alternating blocks, along the longer side."""
    dark, light = rng.uniform(10, 60), rng.uniform(180, 245)
    length, thick = max(height, width), min(height, width)
    face = np.full((length, thick, 3), light, np.float32)
    step = max(3, int(thick * rng.uniform(0.2, 1.0)))
    for count, y in enumerate(range(0, length, step)):
        if step > thick / 2:
            face[y : y + step, :] = dark if count % 2 else light
        else:
            face[y : y + max(1, step // 4), : thick // (1 if count % 5 == 0 else 2)] = dark
    if rng.random() < 0.4:
        face = 255 - face
    if rng.random() < 0.4:
        face[..., 2] *= 0.35  # a yellow folding rule
    return Thing(Kind.RULER, face if height >= width else np.ascontiguousarray(face.transpose(1, 0, 2)))


def chart(rng: np.random.Generator, height: int, width: int) -> Thing:
    """Colour and grey patches, with a frame or without."""
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(4, 9))
    patches = rng.uniform(10, 245, (rows, columns, 3)).astype(np.float32)
    patches[0] = np.linspace(20, 245, columns)[:, None]
    face = np.asarray(cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)
    if rng.random() < 0.5:
        grey = float(rng.choice([15, 120, 235]))
        for row in range(rows + 1):
            face[max(0, row * height // rows - 2) : row * height // rows + 1] = grey
        for column in range(columns + 1):
            face[:, max(0, column * width // columns - 2) : column * width // columns + 1] = grey
    return Thing(Kind.CHART, face)
