"""On paper and on screens."""

import cv2
import numpy as np

from rockseg_training.not_core.paint import Picture, box, colour, ellipse, grey, line, mottle, plain, slope
from rockseg_training.synthetic.noise import fractal, profile


def _words(
    rng: np.random.Generator, picture: Picture, area: tuple[float, float, float, float], size: float, ink: Picture
) -> None:
    """Lines of blots the size of words, or letters where they can be read; area is top, left, bottom, right."""
    top, left, bottom, right = area
    while top + size < bottom:
        at = left
        end = right if rng.random() < 0.8 else left + (right - left) * rng.uniform(0.2, 0.9)
        while at < end:
            wide = size * float(rng.uniform(0.8, 4.5))
            letters = np.arange(at, min(at + wide, end), max(2.0, size * 0.42))
            for letter in letters:
                tall = size * float(rng.choice((0.45, 0.65)))
                box(picture, top + size * 0.7 - tall, letter, top + size * 0.7, letter + max(1.0, size * 0.25), ink)
            at += wide + size * 0.4
        top += size * 1.35 if rng.random() < 0.92 else size * 2.6


def page(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A printed page in one to three columns, now and then with a picture in it."""
    picture = plain(height, width, colour(rng, hue=(0.08, 0.16), saturation=(0, 0.15), value=(0.8, 1)))
    ink = colour(rng, saturation=(0, 0.3), value=(0, 0.25))
    columns, size = int(rng.integers(1, 4)), float(rng.uniform(6, 22))
    gap = 0.06 * width
    wide = (width - gap * (columns + 1)) / columns
    for column in range(columns):
        left = gap + column * (wide + gap)
        _words(rng, picture, (0.06 * height, left, 0.95 * height, left + wide), size, ink)
    if rng.random() < 0.4:
        top, left = rng.uniform(0.1, 0.5) * height, gap
        box(picture, top, left, top + 0.3 * height, left + wide, colour(rng))
    return picture


def screenshot(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Windows with title bars, text, buttons and icons."""
    dark = rng.random() < 0.4
    ground = (0.05, 0.25) if dark else (0.85, 1)
    picture = plain(height, width, colour(rng, saturation=(0, 0.15), value=ground))
    ink = colour(rng, saturation=(0, 0.1), value=(0.7, 1) if dark else (0, 0.35))
    for _ in range(int(rng.integers(2, 7))):
        top, left = rng.uniform(0, 0.7) * height, rng.uniform(0, 0.7) * width
        tall, wide = rng.uniform(0.2, 0.6) * height, rng.uniform(0.2, 0.6) * width
        box(picture, top, left, top + tall, left + wide, colour(rng, saturation=(0, 0.1), value=ground))
        box(picture, top, left, top + 0.05 * height, left + wide, colour(rng, saturation=(0.2, 0.9)))
        area = (top + 0.07 * height, left + 8, min(height, top + tall) - 4, min(width, left + wide) - 8)
        _words(rng, picture, area, float(rng.uniform(6, 14)), ink)
    for _ in range(int(rng.integers(3, 20))):
        top, left, size = rng.uniform(0, 0.95) * height, rng.uniform(0, 0.95) * width, rng.uniform(6, 30)
        box(picture, top, left, top + size, left + size * rng.uniform(1, 3), colour(rng, saturation=(0.2, 1)))
    return picture


def chart(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Axes, with lines, bars or points."""
    picture = plain(height, width, colour(rng, saturation=(0, 0.06), value=(0.92, 1)))
    left, bottom = 0.1 * width, 0.9 * height
    lines = colour(rng, saturation=(0, 0), value=(0.75, 0.9))
    for share in np.linspace(0.1, 0.9, int(rng.integers(3, 9))):
        line(picture, np.array([(left, share * height), (0.95 * width, share * height)]), lines, 1)
    kind = int(rng.integers(3))
    for _ in range(int(rng.integers(1, 6))):
        shade = colour(rng, saturation=(0.4, 1), value=(0.3, 0.95))
        x = np.linspace(left, 0.95 * width, 60)
        y = np.clip(0.5 * height + 0.17 * height * profile(rng, 60, float(rng.uniform(4, 30))), 0.06 * height, bottom)
        if kind == 0:
            line(picture, np.stack((x, y), axis=1), shade, rng.uniform(1, 4))
        elif kind == 1:
            for at, top in zip(x[::4], y[::4], strict=True):
                box(picture, top, at, bottom, at + width * 0.03, shade)
        else:
            for at, top in zip(x, y + rng.normal(0, 0.06 * height, 60), strict=True):
                ellipse(picture, (float(at), float(top)), (3, 3), shade)
    black = grey(30)
    line(picture, np.array([(left, 0.05 * height), (left, bottom), (0.95 * width, bottom)]), black, 2)
    _words(rng, picture, (bottom + 4, left, height - 2, 0.95 * width), 0.03 * height, black)
    return picture


def table(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A spreadsheet: a grid, a head, figures in the cells."""
    picture = plain(height, width, grey(rng.uniform(235, 255)))
    rows, columns = int(rng.integers(8, 40)), int(rng.integers(3, 14))
    tall, wide = height / rows, width / columns
    ink, grid = grey(40), grey(205)
    box(picture, 0, 0, tall, width, colour(rng, saturation=(0.1, 0.6), value=(0.5, 1)))
    for row in range(rows):
        box(picture, row * tall, 0, row * tall + 1, width, grid)
        for column in range(columns):
            if rng.random() < 0.85:
                left = column * wide + 4
                stop = left + (wide - 8) * rng.uniform(0.2, 1)
                _words(rng, picture, (row * tall + 2, left, row * tall + tall, stop), max(4.0, tall * 0.7), ink)
    for column in range(columns):
        box(picture, 0, column * wide, height, column * wide + 1, grid)
    return picture


def chart_map(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A map: land and sea, contours, roads and names."""
    relief = fractal(rng, height, width, beta=3.6, finest_px=2)
    sea = colour(rng, hue=(0.5, 0.62), saturation=(0.2, 0.6), value=(0.6, 1))
    land = colour(rng, hue=(0.1, 0.35), saturation=(0.05, 0.5), value=(0.7, 1))
    picture = np.where((relief > rng.uniform(-1, 0.5))[..., None], land, sea).astype(np.float32)
    steps = np.floor(relief / float(rng.uniform(0.15, 0.4)))
    edge = (np.diff(steps, axis=0, append=steps[-1:]) != 0) | (np.diff(steps, axis=1, append=steps[:, -1:]) != 0)
    picture[edge] *= 0.75
    for _ in range(int(rng.integers(2, 9))):
        y = rng.uniform(0, height) + 0.15 * height * profile(rng, 40, 12)
        points = np.stack((np.linspace(0, width, 40), y), axis=1)
        points = points if rng.random() < 0.5 else points[:, ::-1]
        line(picture, points, colour(rng, hue=(0, 0.15), saturation=(0.5, 1), value=(0.5, 1)), rng.uniform(1, 4))
    for _ in range(int(rng.integers(3, 20))):
        top, left = rng.uniform(0, 0.95) * height, rng.uniform(0, 0.9) * width
        _words(rng, picture, (top, left, top + 14, left + 60), 10, grey(30))
    return picture


def gradient(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Next to nothing: a slope of colour, a lens cap, a picture out of focus."""
    dark = 0.12 if rng.random() < 0.25 else 1.0
    first, last = colour(rng, value=(0.05, 1)), colour(rng, value=(0.05, 1))
    picture = slope(height, width, first * dark, last * dark, angle=float(rng.uniform(0, 2 * np.pi)))
    return mottle(rng, picture, float(rng.uniform(0, 25)) * dark, beta=4, finest=max(height, width) / 8)


def barcode(rng: np.random.Generator, height: int, width: int) -> Picture:
    """A code of squares or of bars, on a label."""
    picture = plain(height, width, colour(rng, saturation=(0, 0.4), value=(0.5, 1)))
    cells = int(rng.integers(18, 60))
    grid = (rng.random((cells if rng.random() < 0.6 else 1, cells)) < 0.5).astype(np.float32) * 225 + 15
    margin = float(rng.uniform(0.05, 0.25))
    size = round(width * (1 - 2 * margin)), round(height * (1 - 2 * margin))
    code = np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_NEAREST), np.float32)
    top, left = round(margin * height), round(margin * width)
    picture[top : top + size[1], left : left + size[0]] = code[..., None]
    return picture
