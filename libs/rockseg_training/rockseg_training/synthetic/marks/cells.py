"""Cells that fill a face: chicken wire, mosaics, crackle breccia, coral."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.noise import Field, fractal
from rockseg_training.synthetic.rock import RGB, Face, Mark, Range, Rock


def cells(
    size_mm: Range,
    seam: Range,
    *,
    thick: Range = (0.6, 1.6),
    flat: Range = (0.5, 1.0),
    tones: float = 7.0,
    bend: float = 0.25,
    broken: float = 0.5,
    colour: RGB | None = None,
) -> Mark:
    """Packed cells of radius `size_mm` with seams between them, `seam` grey levels from the rock or of a `colour`.

    `bend` rounds and crumples the cells (0: polygons), `tones` is the deviation of their shades, `broken` how much of
    a seam is missing.
    """

    def draw(rock: Rock, face: Face) -> Face:
        rng, size = rock.rng, max(2.5, rock.mm(size_mm))
        edge, number = _packing(rock, size, rock.between(flat), bend)
        soft = np.asarray(cv2.GaussianBlur(edge, (0, 0), max(0.5, rock.between(thick))), np.float32)
        alpha = np.clip(soft * 2.2, 0, 1)
        if broken:
            alpha = alpha * np.clip(1.3 - broken + broken * fractal(rng, *rock.size, beta=2.5, finest_px=4.0), 0, 1)
        shades = tones * rng.standard_normal(4096, dtype=np.float32)
        face = face + shades[number % 4096][..., None]
        other = rock.colour + rock.between(seam) if colour is None else colour
        return np.asarray(face + (0.95 * alpha)[..., None] * (np.asarray(other, np.float32) - face), np.float32)

    return draw


def _packing(rock: Rock, size_px: float, flat: float, bend: float) -> tuple[Field, NDArray[np.int64]]:
    """Edges (h, w) 0–1 and the cell's number (h, w) of a Voronoi packing, squeezed by `flat`, and bent."""
    rng, (height, width) = rock.rng, rock.size
    tall = max(8, int(height / flat))
    seeds = np.full((tall, width), 255, np.uint8)
    count = max(4, int(tall * width / (size_px * size_px * 2.2)))
    seeds[rng.integers(0, tall, count), rng.integers(0, width, count)] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y *= np.float32(tall / height)
    if bend:
        reach, finest = np.float32(bend * size_px), max(4.0, size_px / 3)
        x += reach * fractal(rng, height, width, beta=3.0, finest_px=finest)
        y += reach * fractal(rng, height, width, beta=3.0, finest_px=finest)
    values = labels.astype(np.float32)
    number = cv2.remap(values, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT).astype(np.int64)
    bent = number.astype(np.float32)
    edge = (cv2.morphologyEx(bent, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0).astype(np.float32)
    return np.asarray(edge, np.float32), number


def worms(width_mm: Range, cover: Range, lift: Range, *, colour: RGB | None = None, sharp: float = 6.0) -> Mark:
    """Winding tubes of another colour that branch and join: vermiform laterite, thrombolite, heavy burrowing."""

    def draw(rock: Rock, face: Face) -> Face:
        field = fractal(rock.rng, *rock.size, beta=1.0, finest_px=max(2.5, rock.mm(width_mm)))
        thin = np.quantile(np.abs(field[::4, ::4]), rock.between(cover))
        alpha = 1 / (1 + np.exp(np.clip(sharp * 2 * (np.abs(field) - thin), -30, 30)))
        other = rock.colour + rock.between(lift) if colour is None else colour
        return np.asarray(face + alpha[..., None] * (np.asarray(other, np.float32) - rock.colour), np.float32)

    return draw
