"""The shape of a core's surface: a sawn face, a round flank, hairlines across it."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.noise import fractal
from rockseg_training.synthetic.rock import Face

ROUGHNESS: Final = 1.8  # grey levels, the median over cores


def relief(rng: np.random.Generator, pixels: Face) -> Face:
    """A sawn face is flat; a whole core is a cylinder; some show a shaded flank beside the sawn face. (h, w, 3)."""
    height, width = pixels.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)
    light: NDArray[np.floating]
    kind = rng.random()
    if kind < 0.5:
        light = 1 - rng.uniform(0, 0.06) * x
    elif kind < 0.8:
        round_ = np.sqrt(np.clip(1 - (0.97 * (x - rng.uniform(-0.3, 0.3))) ** 2, 0.05, 1))
        light = 1 - rng.uniform(0.2, 0.7) * (1 - round_)
    else:
        edge, fall = rng.uniform(0.6, 0.95), rng.uniform(0.45, 0.85)
        side = x * rng.choice([-1, 1])
        light = np.where(side > edge, fall - 0.5 * fall * (side - edge) / (1.001 - edge), 1.0)
    pixels = pixels * light[:, None].astype(np.float32)
    kind = rng.random()
    if kind < 0.1:  # wet: a slow sheen
        sheen = np.clip(fractal(rng, height, width, beta=3.0, finest_px=width / 6) - 0.6, 0, 1.2)
        pixels = pixels + 30 * sheen[..., None]
    elif kind < 0.2:  # drying in patches
        wet = 1 / (1 + np.exp(-6 * (fractal(rng, height, width, beta=3.0, finest_px=width / 5) - rng.uniform(0, 1))))
        pixels = pixels * (1 - rng.uniform(0.1, 0.35) * wet[..., None])
    return pixels.astype(np.float32)


def rough(rng: np.random.Generator, pixels: Face) -> Face:
    """What saw, dust and film leave on every rock alike, (h, w, 3): fine-grained rock is not as smooth as it would be.

    Strengths are such that drawn mudstone has the fine contrast that dark cores of real boxes have.
    """
    strength = np.float32(rng.lognormal(np.log(ROUGHNESS), 0.45))
    return pixels + strength * fractal(rng, *pixels.shape[:2], beta=rng.uniform(0.0, 1.6), finest_px=1.0)[..., None]


def hairlines(rng: np.random.Generator, pixels: Face, width: int) -> Face:
    """Hairlines across the core, dark, and part of the rock; on some, scratches of the saw."""
    drawing = np.clip(pixels, 0, 255).astype(np.uint8)
    height = len(drawing)
    for _ in range(rng.poisson(height / width * rng.choice([0.05, 0.2, 0.6]))):
        x = np.linspace(0, width, 12)
        y = rng.uniform(0, height) + rng.normal(0, 0.12) * (x - width / 2) + np.cumsum(rng.normal(0, width / 150, 12))
        grey = float(rng.uniform(5, 70))
        points = np.round(np.stack([x, y], 1) * 8).astype(np.int32)
        cv2.polylines(drawing, [points], False, (grey, grey, grey), 1, cv2.LINE_AA, 3)
    face: Face = drawing.astype(np.float32)
    if rng.random() < 0.15:
        turn = rng.uniform(-0.5, 0.5)
        down, right = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
        marks = np.sin((down + turn * right) * rng.uniform(0.3, 1.2))
        face = np.asarray(face + rng.uniform(1, 3.5) * marks[..., None], np.float32)
    return face
