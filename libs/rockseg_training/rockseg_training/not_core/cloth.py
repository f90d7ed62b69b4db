"""Fabrics."""

import numpy as np

from rockseg_training.not_core.paint import Picture, colour, mottle, plain
from rockseg_training.synthetic.noise import fractal


def _folds(rng: np.random.Generator, picture: Picture) -> Picture:
    depth = fractal(rng, *picture.shape[:2], beta=3.4, stretch=(2.0, 1.0), finest_px=max(picture.shape[:2]) / 12)
    return np.clip(picture * (1 + float(rng.uniform(0, 0.3)) * depth[..., None]), 0, 255).astype(np.float32)


def weave(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Threads over and under each other."""
    period = float(rng.uniform(3, 14))
    y, x = np.arange(height)[:, None] / period, np.arange(width) / period
    warp, weft = np.abs(np.sin(np.pi * x)), np.abs(np.sin(np.pi * y))
    over = (np.floor(x) + np.floor(y)) % 2 == 0
    light = np.where(over, warp, weft)[..., None]
    first, second = colour(rng), colour(rng)
    picture = np.where(over[..., None], first, second) * (0.55 + 0.45 * light)
    return _folds(rng, mottle(rng, picture.astype(np.float32), 5))


def plaid(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Stripes both ways."""
    picture = plain(height, width, colour(rng, saturation=(0.1, 0.9)))
    for _ in range(int(rng.integers(2, 6))):
        period, phase, share = rng.uniform(20, 120), rng.uniform(0, 1), rng.uniform(0.05, 0.4)
        shade = colour(rng)
        for axis in (0, 1):
            at = np.arange(height)[:, None] if axis == 0 else np.arange(width)[None]
            on = np.broadcast_to((at / period + phase) % 1 < share, (height, width))
            picture[on] = 0.55 * picture[on] + 0.45 * shade
    return _folds(rng, mottle(rng, picture, 4))


def knit(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Rows of slanted stitches."""
    period = float(rng.uniform(8, 30))
    y, x = np.arange(height)[:, None] / period, np.arange(width) / period
    slant = np.abs(x % 1 - 0.5) * 1.6
    light = 0.5 + 0.5 * np.cos(2 * np.pi * (y * 1.4 + slant))
    first, second = colour(rng), colour(rng)
    pattern = (np.floor(y / 6) % 2)[..., None] * np.ones((1, width, 1))
    picture = (first + pattern * (second - first)) * (0.4 + 0.6 * light[..., None])
    return _folds(rng, mottle(rng, picture.astype(np.float32), 7))


def fur(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Hair that lies one way, in patches of colour."""
    hair = fractal(rng, height, width, beta=1.2, stretch=(float(rng.uniform(6, 14)), 1))
    patches = fractal(rng, height, width, beta=3.4, finest_px=12)
    hue = (0.02, 0.14)
    first = colour(rng, hue=hue, saturation=(0, 0.7), value=(0.1, 1))
    second = colour(rng, hue=hue, saturation=(0, 0.7), value=(0.1, 1))
    share = np.clip(0.5 + 2 * patches, 0, 1)[..., None]
    return np.asarray(first + share * (second - first) + 20 * hair[..., None], np.float32)
