"""People and what they have on the table."""

import cv2
import numpy as np

from rockseg_training.not_core.paint import Picture, box, colour, ellipse, grey, line, mottle, plain, polygon, slope
from rockseg_training.synthetic.noise import fractal, profile


def face(rng: np.random.Generator, height: int, width: int) -> Picture:
    """One to three heads with hair, eyes and mouth, out of slopes of colour."""
    picture = mottle(rng, slope(height, width, colour(rng), colour(rng)), 15, beta=3.5, finest=10)
    people = int(rng.integers(1, 4))
    for person in range(people):
        skin = colour(rng, hue=(0.02, 0.09), saturation=(0.2, 0.6), value=(0.3, 1))
        size = min(height * 0.36, 0.42 * width / people) * float(rng.uniform(0.7, 1))
        x, y = width * (person + rng.uniform(0.35, 0.65)) / people, height * float(rng.uniform(0.35, 0.5))
        ellipse(picture, (x, y + 2.1 * size), (1.5 * size, 1.2 * size), colour(rng))
        ellipse(
            picture, (x, y - 0.12 * size), (0.86 * size, 1.08 * size), colour(rng, hue=(0, 0.14), value=(0.03, 0.7))
        )
        ellipse(picture, (x, y + 0.1 * size), (0.7 * size, 0.95 * size), skin)
        for side in (-1, 1):
            white, dark = grey(235), grey(30)
            ellipse(picture, (x + side * 0.28 * size, y - 0.05 * size), (0.13 * size, 0.07 * size), white)
            ellipse(picture, (x + side * 0.28 * size, y - 0.05 * size), (0.055 * size, 0.055 * size), dark)
        ellipse(picture, (x, y + 0.25 * size), (0.1 * size, 0.17 * size), skin * 0.86)
        ellipse(
            picture, (x, y + 0.58 * size), (0.27 * size, 0.08 * size), colour(rng, hue=(-0.03, 0.02), value=(0.4, 0.8))
        )
    light = fractal(rng, height, width, beta=4, finest_px=max(height, width) / 6)
    soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(1, 4)))
    return np.asarray(soft * (1 + 0.12 * light[..., None]), np.float32)


def fruit(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Balls with a light side, on a table."""
    picture = mottle(rng, slope(height, width, colour(rng), colour(rng)), 6)
    for _ in range(int(rng.integers(3, 30))):
        size = float(rng.uniform(0.05, 0.22)) * min(height, width)
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        shade = colour(rng, saturation=(0.4, 1), value=(0.4, 1))
        ellipse(picture, (x + 0.2 * size, y + 0.25 * size), (size, size), shade * 0.2)
        for step in np.linspace(0, 1, 8):
            at = x - 0.25 * size * float(step), y - 0.25 * size * float(step)
            part = size * float(1 - 0.8 * step)
            ellipse(picture, at, (part, part), np.clip(shade * (0.5 + 0.7 * step), 0, 255).astype(np.float32))
    return picture


def coins(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Round things of metal on cloth, apart from each other."""
    picture = mottle(rng, plain(height, width, colour(rng, saturation=(0, 0.6))), 10)
    side = float(rng.uniform(0.1, 0.3)) * min(height, width)
    for y in np.arange(side / 2, height, side):
        for x in np.arange(side / 2, width, side):
            metal = colour(rng, hue=(0.05, 0.15), saturation=(0, 0.5), value=(0.4, 0.95))
            size = side * float(rng.uniform(0.25, 0.45))
            ellipse(picture, (float(x), float(y)), (size, size), metal * 0.6)
            ellipse(picture, (float(x), float(y)), (size * 0.9, size * 0.9), metal)
            ellipse(picture, (float(x), float(y)), (size * 0.4, size * 0.5), metal * 0.8)
    return mottle(rng, picture, 6)


def cables(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Curved strands over each other."""
    picture = mottle(rng, plain(height, width, colour(rng)), 8)
    for _ in range(int(rng.integers(8, 60))):
        x = width / 2 + 0.45 * width * profile(rng, 60, 25)
        y = height / 2 + 0.45 * height * profile(rng, 60, 25)
        shade, thick = colour(rng), float(rng.uniform(2, 16))
        line(picture, np.stack((x, y), axis=1), shade * 0.5, thick)
        line(picture, np.stack((x - 1, y - 1), axis=1), shade, thick * 0.6)
    return picture


def shelf(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Books or packets side by side, row over row."""
    picture = plain(height, width, colour(rng, hue=(0.03, 0.12), value=(0.1, 0.5)))
    rows = int(rng.integers(1, 6))
    tall = height / rows
    for row in range(rows):
        left = 0.0
        while left < width:
            wide = float(rng.uniform(0.015, 0.09)) * width
            top = (row + rng.uniform(0.06, 0.3)) * tall
            shade = colour(rng)
            box(picture, top, left, (row + 0.93) * tall, left + wide - 1, shade)
            box(picture, top + 0.15 * tall, left + wide * 0.3, top + 0.45 * tall, left + wide * 0.7, 255 - shade)
            left += wide
    return mottle(rng, picture, 5)


def vehicles(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Cars from the side: a body, windows, two wheels, on grey."""
    picture = mottle(rng, slope(height, width, colour(rng, value=(0.5, 1)), colour(rng, saturation=(0, 0.15))), 8)
    black = grey(25)
    for _ in range(int(rng.integers(1, 5))):
        long = float(rng.uniform(0.3, 0.7)) * width
        left, low = rng.uniform(-0.1, 0.6) * width, rng.uniform(0.4, 0.95) * height
        tall, paint = long * 0.22, colour(rng)
        shape = [(0, 0), (0.02, -0.6), (0.2, -0.75), (0.33, -1.35), (0.7, -1.35), (0.85, -0.7), (1, -0.55), (1, 0)]
        polygon(picture, np.array([(left + x * long, low + y * tall) for x, y in shape]), paint)
        glass = [(0.24, -0.78), (0.35, -1.25), (0.68, -1.25), (0.79, -0.74)]
        polygon(picture, np.array([(left + x * long, low + y * tall) for x, y in glass]), paint * 0.2 + 60)
        for wheel in (0.2, 0.8):
            ellipse(picture, (float(left + wheel * long), float(low)), (tall * 0.42, tall * 0.42), black)
            ellipse(picture, (float(left + wheel * long), float(low)), (tall * 0.2, tall * 0.2), black + 150)
    return picture
