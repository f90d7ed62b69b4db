"""Walls, floors and streets."""

import cv2
import numpy as np

from rockseg_training.not_core.nature import sky
from rockseg_training.not_core.paint import Picture, box, colour, grey, mottle, plain, polygon, slope
from rockseg_training.synthetic.noise import fractal


def bricks(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Courses, each half a brick off the last."""
    mortar = colour(rng, saturation=(0, 0.2), value=(0.5, 0.85))
    picture = mottle(rng, plain(height, width, mortar), 8)
    brick = colour(rng, hue=(-0.03, 0.08), saturation=(0.2, 0.7), value=(0.3, 0.8))
    rows = int(rng.integers(6, 30))
    tall = height / rows
    long, joint = tall * float(rng.uniform(2, 4)), max(1.5, tall * 0.12)
    for row in range(rows + 1):
        for left in np.arange(-(row % 2) * long / 2, width, long):
            shade = np.clip(brick + rng.normal(0, 14) + rng.normal(0, 4, 3), 0, 255).astype(np.float32)
            box(picture, row * tall, left, (row + 1) * tall - joint, left + long - joint, shade)
    return mottle(rng, picture, 7)


def tiles(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Squares of two colours or one, with joints, seen straight or askew."""
    first, second = colour(rng), colour(rng)
    side = float(rng.uniform(0.05, 0.25)) * min(height, width)
    joint = max(1.5, side * float(rng.uniform(0.02, 0.08)))
    picture = plain(height, width, colour(rng, saturation=(0, 0.1), value=(0.3, 0.9)))
    for row, top in enumerate(np.arange(0, height, side)):
        for column, left in enumerate(np.arange(0, width, side)):
            shade = first if (row + column) % 2 or rng.random() < 0.02 else second
            box(picture, top, left, top + side - joint, left + side - joint, np.clip(shade + rng.normal(0, 5), 0, 255))
    if rng.random() < 0.6:
        far = float(rng.uniform(0, 0.3)) * width
        seen = np.array([(far, 0), (width - far, 0), (width, height), (0, height)], np.float32)
        flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        warp = cv2.getPerspectiveTransform(flat, seen)
        picture = np.asarray(
            cv2.warpPerspective(picture, warp, (width, height), borderMode=cv2.BORDER_REFLECT), np.float32
        )
    return mottle(rng, picture, 5)


def facade(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Windows in rows and columns, some lit."""
    picture = mottle(rng, plain(height, width, colour(rng, saturation=(0, 0.5), value=(0.3, 0.95))), 6)
    rows, columns = int(rng.integers(3, 14)), int(rng.integers(3, 14))
    glass = colour(rng, hue=(0.5, 0.65), saturation=(0.1, 0.5), value=(0.1, 0.6))
    tall, wide = height / rows, width / columns
    for row in range(rows):
        for column in range(columns):
            top, left = (row + 0.2) * tall, (column + 0.25) * wide
            box(
                picture,
                top - 2,
                left - 2,
                top + tall * 0.6 + 2,
                left + wide * 0.5 + 2,
                grey(230),
            )
            pane = glass * rng.uniform(0.6, 1.4) if rng.random() < 0.8 else colour(rng, hue=(0.1, 0.16), value=(0.8, 1))
            box(picture, top, left, top + tall * 0.6, left + wide * 0.5, np.clip(pane, 0, 255))
            box(
                picture,
                top,
                left + wide * 0.24,
                top + tall * 0.6,
                left + wide * 0.27,
                grey(220),
            )
    return picture


def skyline(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Houses before a sky."""
    picture = sky(rng, height, width)
    for _ in range(int(rng.integers(5, 25))):
        wide, tall = rng.uniform(0.05, 0.25) * width, rng.uniform(0.15, 0.8) * height
        left = rng.uniform(-0.1, 1) * width
        front = facade(rng, max(8, round(tall)), max(8, round(wide)))
        top, begin = max(0, height - front.shape[0]), max(0, round(left))
        part = front[: height - top, : max(0, width - begin)]
        picture[top : top + part.shape[0], begin : begin + part.shape[1]] = part * rng.uniform(0.5, 1)
    return picture


def road(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Asphalt with white lines towards a horizon, verges beside it."""
    horizon = float(rng.uniform(0.3, 0.6)) * height
    picture = sky(rng, height, width)
    ground = colour(rng, hue=(0.1, 0.4), saturation=(0.2, 0.7), value=(0.2, 0.6))
    box(picture, horizon, 0, height, width, ground)
    middle = float(rng.uniform(0.3, 0.7)) * width
    asphalt = colour(rng, saturation=(0, 0.1), value=(0.15, 0.5))
    polygon(picture, np.array([(middle, horizon), (-0.2 * width, height), (1.2 * width, height)]), asphalt)
    for step in np.arange(0.05, 1, 0.16):
        near, far = horizon + (height - horizon) * (step + 0.08) ** 2, horizon + (height - horizon) * step**2
        low, high = 0.02 * width * (step + 0.08), 0.02 * width * step
        centre = middle + (0.5 * width - middle) * step
        corners = [(centre - high, far), (centre + high, far), (centre + low, near), (centre - low, near)]
        polygon(picture, np.array(corners), grey(235))
    return mottle(rng, picture, 8)


def indoors(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A room: walls, floor, a door, pictures, furniture of plain blocks."""
    wall = colour(rng, saturation=(0, 0.4), value=(0.5, 1))
    picture = slope(height, width, wall, wall * 0.8, angle=float(rng.uniform(0, np.pi)))
    floor = float(rng.uniform(0.55, 0.8)) * height
    box(picture, floor, 0, height, width, colour(rng, hue=(0.03, 0.15), saturation=(0.1, 0.6), value=(0.2, 0.8)))
    for _ in range(int(rng.integers(3, 9))):
        shade, left, wide = colour(rng), rng.uniform(0, 0.9) * width, rng.uniform(0.06, 0.4) * width
        top, tall = rng.uniform(0.1, 0.7) * height, rng.uniform(0.08, 0.5) * height
        box(picture, top, left, top + tall, left + wide, shade)
        box(picture, top + tall * 0.1, left + wide * 0.1, top + tall * 0.9, left + wide * 0.9, shade * 0.8)
    light = fractal(rng, height, width, beta=4, finest_px=max(height, width) / 4)
    return (picture * (1 + 0.1 * light[..., None])).astype(np.float32)
