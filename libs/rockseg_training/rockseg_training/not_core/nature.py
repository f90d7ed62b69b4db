"""Out of doors."""

import numpy as np

from rockseg_training.not_core.paint import Picture, colour, ellipse, line, mottle, plain, polygon, slope
from rockseg_training.synthetic.noise import fractal, profile


def sky(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Blue, grey or evening, with clouds."""
    hue = (0.54, 0.64) if rng.random() < 0.7 else (0.02, 0.1)
    picture = slope(
        height,
        width,
        colour(rng, hue=hue, saturation=(0.3, 0.8), value=(0.4, 0.9)),
        colour(rng, hue=hue, saturation=(0.05, 0.4), value=(0.7, 1)),
    )
    clouds = fractal(rng, height, width, beta=3.0, stretch=(1, float(rng.uniform(1, 3))), finest_px=2)
    share = np.clip(clouds + rng.uniform(-1, 0.7), 0, 1)[..., None]
    return np.asarray(picture + share * (colour(rng, saturation=(0, 0.1), value=(0.7, 1)) - picture), np.float32)


def mountains(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Ridges behind each other under a sky, paler the farther; a meadow in front."""
    picture = sky(rng, height, width)
    ridges = int(rng.integers(2, 6))
    near = colour(rng, hue=(0.2, 0.65), saturation=(0.15, 0.6), value=(0.15, 0.5))
    for ridge in range(ridges):
        share = (ridge + 1) / ridges
        top = height * (0.25 + 0.55 * share * rng.uniform(0.8, 1.1))
        edge = top + height * 0.09 * profile(rng, width, width / float(rng.uniform(3, 12)))
        edge = edge + height * 0.015 * profile(rng, width, 8)
        below = np.arange(height)[:, None] >= edge
        face = mottle(rng, plain(height, width, near * share + 190 * (1 - share)), 14 * share, beta=2.2)
        picture[below] = face[below]
    return picture


def water(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Waves that shrink towards the horizon, with glints."""
    deep = colour(rng, hue=(0.45, 0.65), saturation=(0.2, 0.8), value=(0.2, 0.7))
    waves = np.zeros((height, width), np.float32)
    stretch = (1.0, float(rng.uniform(3, 8)))
    for far in range(3):
        field = fractal(rng, height, width, beta=2.4, stretch=stretch, finest_px=2 + 3 * far)
        near = np.linspace(0, 2, height)[:, None]
        waves += field * np.clip(1 - np.abs(near - far), 0, 1)
    picture = slope(height, width, deep + 40, deep) + 22 * waves[..., None]
    picture[waves > rng.uniform(1.8, 2.8)] = 245
    return picture.astype(np.float32)


def foliage(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Leaves over leaves, the upper ones lighter."""
    hue = (0.18, 0.4) if rng.random() < 0.75 else (0.02, 0.15)
    picture = plain(height, width, colour(rng, hue=hue, saturation=(0.4, 0.9), value=(0.05, 0.2)))
    size = float(np.exp(rng.uniform(np.log(0.02), np.log(0.09)))) * max(height, width)
    count = int(min(4000, 6 * height * width / size**2))
    for leaf in range(count):
        shade = colour(rng, hue=hue, saturation=(0.3, 0.9), value=(0.15, 0.3 + 0.6 * leaf / count))
        long = size * rng.uniform(0.5, 1.2)
        centre = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        ellipse(picture, centre, (long, long * rng.uniform(0.25, 0.6)), shade, degrees=float(rng.uniform(0, 180)))
    return picture


def grass(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Blades from below."""
    hue = (0.13, 0.36)
    picture = mottle(rng, plain(height, width, colour(rng, hue=hue, saturation=(0.3, 0.8), value=(0.1, 0.35))), 20)
    long = float(rng.uniform(0.04, 0.2)) * height
    for _ in range(int(min(2500, 12 * width * height / (long * 12)))):
        x, y = rng.uniform(0, width), rng.uniform(0, height + long)
        lean = rng.normal(0, 0.35, 2).cumsum() * long
        blade = np.array([(x, y), (x + lean[0] * 0.5, y - long * 0.6), (x + lean[1], y - long)])
        line(picture, blade, colour(rng, hue=hue, saturation=(0.3, 0.9), value=(0.25, 0.9)), rng.uniform(1, 3))
    return picture


def trees(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Bare trunks and branches that fork, against a sky."""
    picture = sky(rng, height, width)
    bark = colour(rng, hue=(0.03, 0.12), saturation=(0.1, 0.5), value=(0.08, 0.4))
    for _ in range(int(rng.integers(1, 5))):
        foot = np.array((rng.uniform(0, width), height * rng.uniform(0.85, 1.05)))
        ends = [(foot, -np.pi / 2, height * float(rng.uniform(0.14, 0.26)))]
        while ends:
            start, angle, length = ends.pop()
            if length < height * 0.012:
                continue
            stop = start + length * np.array((np.cos(angle), np.sin(angle)))
            line(picture, np.array((start, stop)), bark * rng.uniform(0.8, 1.2), length * 0.14)
            ends += [
                (stop, angle + way * rng.uniform(0.15, 0.6), length * float(rng.uniform(0.6, 0.82))) for way in (-1, 1)
            ]
    return picture


def flowers(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Petals around a middle, before green out of focus."""
    green = colour(rng, hue=(0.22, 0.4), saturation=(0.3, 0.8), value=(0.2, 0.6))
    picture = mottle(rng, plain(height, width, green), 30, beta=3.5, finest=12)
    for _ in range(int(rng.integers(1, 14))):
        petal, middle = colour(rng, saturation=(0.3, 1), value=(0.6, 1)), colour(rng, hue=(0.08, 0.17), value=(0.4, 1))
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        size, count = float(rng.uniform(0.05, 0.25)) * min(height, width), int(rng.integers(5, 14))
        for turn in np.arange(count) * 2 * np.pi / count:
            at = x + size * float(np.cos(turn)) * 0.6, y + size * float(np.sin(turn)) * 0.6
            shade = petal * rng.uniform(0.85, 1.1)
            ellipse(picture, at, (size * 0.55, size * 0.2), np.clip(shade, 0, 255), degrees=float(np.degrees(turn)))
        ellipse(picture, (x, y), (size * 0.25, size * 0.25), middle)
    return picture


def night(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Stars, or lamps out of focus."""
    picture = mottle(rng, plain(height, width, colour(rng, hue=(0.55, 0.75), value=(0.02, 0.12))), 4, beta=3)
    blurred = rng.random() < 0.5
    for _ in range(int(rng.integers(30, 300)) // (6 if blurred else 1)):
        size = float(rng.uniform(6, 40)) if blurred else float(rng.exponential(1.0)) + 1
        shade = colour(rng, hue=(0, 1), saturation=(0, 0.7), value=(0.4, 1))
        ellipse(picture, (float(rng.uniform(0, width)), float(rng.uniform(0, height))), (size, size), shade)
    return picture


def crystals(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Shards of colour with straight edges: frost, gems, abstract pictures."""
    picture = plain(height, width, colour(rng))
    hue = float(rng.uniform(0, 1))
    for _ in range(int(rng.integers(40, 250))):
        x, y, size = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.03, 0.3) * min(height, width)
        turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 6))))
        corners = np.stack((x + size * np.cos(turns), y + size * np.sin(turns)), axis=1)
        polygon(picture, corners, colour(rng, hue=(hue, hue + 0.25), saturation=(0.2, 1), value=(0.2, 1)))
    return picture
