"""Everything in a core photo that is no rock: floors, walls, foam, slips, rulers, charts, handwriting."""

import string
from typing import Final

import cv2
import numpy as np

from rockseg_training.synthetic.colours import Colour, any_colour, shade
from rockseg_training.synthetic.marks import Face
from rockseg_training.synthetic.noise import fractal, profile

# Cardboard, wood, grey plastic, steel, white paper, black cloth, concrete, a blue table.
FLOORS: Final = (
    (168, 118, 62), (190, 146, 88), (132, 92, 54), (150, 150, 140), (172, 176, 178), (236, 236, 232), (22, 22, 24),
    (128, 124, 118), (52, 58, 70), (206, 200, 186),
)  # fmt: skip
FOAMS: Final = ((238, 238, 236), (52, 132, 206), (186, 232, 52), (206, 58, 56), (226, 214, 190))
FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


def floor_colour(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.15:
        return any_colour(rng)
    return shade(rng, np.array(FLOORS[rng.integers(len(FLOORS))], np.float32), lightness=14, chroma=4)


def floor(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Face:
    """(height, width, 3): flat, speckled, ribbed like card or grained like wood."""
    kind = rng.random()
    surface = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    surface = surface + rng.uniform(0, 2) * rng.standard_normal((height, width, 1), dtype=np.float32)
    if kind < 0.3:
        return surface
    if kind < 0.7:
        texture = fractal(rng, height, width, beta=rng.uniform(0.5, 2.5), finest_px=2.0)
    elif kind < 0.85:
        texture = fractal(rng, height, width, beta=1.5, stretch=(20.0, 1.0), finest_px=2.0)
    else:
        texture = np.broadcast_to(np.sin(np.arange(width) * rng.uniform(0.3, 1.2)).astype(np.float32), (height, width))
    return surface + rng.uniform(0.5, 5) * texture[..., None]


def wall(rng: np.random.Generator, height: int, width: int, colour: Colour) -> Face:
    """A strip between two cores: lit edge, dark edge, grain along it."""
    light = np.ones(width, np.float32)
    rim = max(1, int(width * rng.uniform(0.1, 0.35)))
    light[:rim] *= rng.uniform(0.9, 1.35)
    light[-rim:] *= rng.uniform(0.4, 0.9)
    along_it = 1 + 0.03 * profile(rng, height, height / 12)
    strip: Face = colour * light[None, :, None] * along_it[:, None, None]
    return strip + 2.5 * rng.standard_normal((height, width, 1), dtype=np.float32)


def foam(rng: np.random.Generator, height: int, width: int) -> Face:
    """A spacer in the place of lost core: a cylinder or block, often with a depth written on it."""
    colour = shade(rng, np.array(FOAMS[rng.integers(len(FOAMS))], np.float32), lightness=12, chroma=6)
    x = np.linspace(-1, 1, width, dtype=np.float32)
    light = np.ones(width, np.float32)
    if rng.random() < 0.6:
        light = (1 - rng.uniform(0.15, 0.6) * (x - rng.uniform(-0.3, 0.3)) ** 2).astype(np.float32)
    face: Face = colour * light[None, :, None] + np.zeros((height, 1, 1), np.float32)
    face = face + rng.uniform(0, 5) * fractal(rng, height, width, beta=1.0)[..., None]
    return write(rng, face, lines=int(rng.integers(0, 3)))


def slip(rng: np.random.Generator, height: int, width: int) -> Face:
    """A piece of paper, mostly with writing."""
    colour = shade(rng, np.array((232, 230, 224), np.float32), lightness=10, chroma=3)
    face = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    return write(rng, face + rng.normal(0, 1, (height, width, 1)).astype(np.float32), lines=int(rng.integers(0, 5)))


def ruler(rng: np.random.Generator, height: int, width: int) -> Face:
    """Ticks or alternating blocks along the longer side."""
    dark, light = rng.uniform(10, 60), rng.uniform(180, 245)
    length, thick = max(height, width), min(height, width)
    face = np.full((length, thick, 3), light, np.float32)
    step = max(3, int(thick * rng.uniform(0.2, 1.0)))
    for count, y in enumerate(range(0, length, step)):
        if rng.random() < 0.02:
            continue
        if step > thick / 2:
            face[y : y + step, :] = dark if count % 2 else light
        else:
            face[y : y + max(1, step // 4), : thick // (1 if count % 5 == 0 else 2)] = dark
    if rng.random() < 0.4:
        face = 255 - face
    return face if height >= width else np.ascontiguousarray(face.transpose(1, 0, 2))


def chart(rng: np.random.Generator, height: int, width: int) -> Face:
    """Colour and grey patches."""
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(4, 9))
    patches = rng.uniform(10, 245, (rows, columns, 3)).astype(np.float32)
    patches[0] = np.linspace(20, 245, columns)[:, None]
    return cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.float32)


def write(rng: np.random.Generator, face: Face, *, lines: int) -> Face:
    """Letters and figures, printed or by hand, on a copy of the face."""
    if lines == 0:
        return face
    drawing = np.ascontiguousarray(np.clip(face, 0, 255).astype(np.uint8))
    height, width = face.shape[:2]
    ink = (12, 12, 14) if rng.random() < 0.7 else (180, 30, 40)
    for _ in range(lines):
        letters = rng.choice(list(string.ascii_uppercase + string.digits * 3 + ".- "), int(rng.integers(2, 9)))
        size = float(np.clip(width / 160 * rng.uniform(0.4, 1.6), 0.25, 2.5))
        origin = (int(rng.uniform(0, 0.6) * width), int(rng.uniform(0.15, 1.0) * height))
        cv2.putText(
            drawing, "".join(letters), origin, FONTS[rng.integers(3)], size, ink, max(1, int(size * 2)), cv2.LINE_AA
        )
    if rng.random() < 0.4 and height > width / 3:
        turned = cv2.rotate(drawing, cv2.ROTATE_180)
        return turned.astype(np.float32)
    return drawing.astype(np.float32)
