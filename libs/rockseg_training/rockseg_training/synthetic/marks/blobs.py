"""Closed shapes on a face: clasts, nodules, vugs, burrows, shells, ooids, spots."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.rock import RGB, Face, Mark, Range, Rock, seen

MOST: Final = 380  # shapes a face: beyond it nobody can count them, and drawing takes time
Outlines = NDArray[np.float32]  # (n, corners, 2) x, y


@dataclass(frozen=True)
class Shape:
    """How shapes look: `flat` height over length; `turn` deviation of the long axis from the bedding, in radians."""

    flat: Range = (0.6, 1.0)
    turn: float = 0.4
    rough: float = 0.12  # of the radius, in waves around it
    jagged: float = 0.0  # of the radius, corner by corner
    corners: int = 14
    spread: float = 0.45  # of the logarithm of sizes


def outlines(rock: Rock, shape: Shape, size_px: float, cover: float) -> Outlines:
    """Shapes of a mean radius about `size_px` that cover about the share `cover` of the face."""
    rng = rock.rng
    area = np.pi * max(size_px, 0.6) ** 2 * np.mean(shape.flat) * np.exp(2 * shape.spread**2)
    count = int(np.clip(rng.poisson(cover * rock.height * rock.width / area), 0, MOST))
    angles = np.linspace(0, 2 * np.pi, shape.corners, endpoint=False)
    phases = rng.uniform(0, 2 * np.pi, (2, count, 1))
    radii = 1 + shape.rough * (np.cos(2 * angles + phases[0]) + np.cos(3 * angles + phases[1]))
    if shape.jagged:
        radii = radii * (1 + shape.jagged * rng.uniform(-1, 1, (count, shape.corners)))
    sizes = size_px * np.clip(np.exp(rng.normal(0, shape.spread, count)), 0.3, 3.0)
    flat, turn = rng.uniform(*shape.flat, count), np.arctan(rock.dip) + rng.normal(0, shape.turn, count)
    x = sizes[:, None] * radii * np.cos(angles)
    y = sizes[:, None] * radii * np.sin(angles) * flat[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    points = np.stack([x * cos - y * sin, x * sin + y * cos], 2)
    middles = rng.uniform(0, 1, (count, 1, 2)) * (rock.width, rock.height)
    return np.asarray(points + middles, np.float32)


def fill(face: Face, points: Outlines, colours: NDArray[np.float32], *, rim: float = 0.0, lit: float = 0.0) -> Face:
    """Fill the outlines, (n, 3) a colour each; `rim` grey levels on the edge, `lit` on its lower half (holes)."""
    drawing = np.ascontiguousarray(np.clip(face, 0, 255).astype(np.uint8))
    corners = np.round(points * 8).astype(np.int32)
    half = corners.shape[1] // 2
    for outline, colour in zip(corners, np.clip(colours, 0, 255).astype(float).tolist(), strict=True):
        cv2.fillPoly(drawing, [outline], colour, cv2.LINE_AA, 3)
        if rim:
            edge = [min(255.0, max(0.0, value + rim)) for value in colour]
            cv2.polylines(drawing, [outline], True, edge, 1, cv2.LINE_AA, 3)
        if lit:
            edge = [min(255.0, max(0.0, value + lit)) for value in colour]
            cv2.polylines(drawing, [outline[:half]], False, edge, 1, cv2.LINE_AA, 3)
    return drawing.astype(np.float32)


def tint(face: Face, points: Outlines, lifts: NDArray[np.float32], *, soft_px: float) -> Face:
    """Lift what lies in the outlines by (n, 3) grey levels each, below ± 250, with soft edges: the grain stays."""
    canvas = np.full(face.shape, 127, np.uint8)
    levels = np.clip(127 + lifts / 2, 0, 255).astype(float).tolist()
    for outline, level in zip(np.round(points * 8).astype(np.int32), levels, strict=True):
        cv2.fillPoly(canvas, [outline], level, cv2.LINE_AA, 3)
    if soft_px > 0.3:
        canvas = cv2.GaussianBlur(canvas, (0, 0), soft_px).astype(np.uint8)
    return np.asarray(face + 2 * (canvas.astype(np.float32) - 127), np.float32)


def spots(
    size_mm: Range,
    cover: Range,
    lift: Range,
    *,
    shape: Shape = Shape(),
    colour: RGB | None = None,
    soft: float = 0.12,
) -> Mark:
    """Shapes lighter or darker than the rock by `lift`, or of a `colour`, in the rock's own grain: burrows, shells,
    nodules; `soft` is the edge's share of the radius.
    """

    def draw(rock: Rock, face: Face) -> Face:
        size = rock.mm(size_mm)
        points = outlines(rock, shape, size, rock.between(cover))
        base = np.zeros(3) if colour is None else np.asarray(colour, np.float32) - rock.colour
        lifts = base + rock.between(lift) + 5 * rock.rng.standard_normal((len(points), 1))
        lifts = lifts * max(0.3, seen(2 * size * float(np.mean(shape.flat))))
        return tint(face, points, lifts.astype(np.float32), soft_px=max(0.4, soft * size))

    return draw


def holes(size_mm: Range, cover: Range, lift: Range, *, shape: Shape, lit: float) -> Mark:
    """Dark holes, crystals glittering (`lit` grey levels) on the side that the light reaches."""

    def draw(rock: Rock, face: Face) -> Face:
        size = rock.mm(size_mm)
        points = outlines(rock, shape, size, rock.between(cover))
        strength = max(0.3, seen(2 * size * float(np.mean(shape.flat))))
        lifts = rock.between(lift) * strength + 6 * rock.rng.standard_normal((len(points), 1))
        return fill(face, points, (rock.colour + lifts).astype(np.float32), lit=lit * strength if size > 1.5 else 0.0)

    return draw


def rings(size_mm: Range, cover: Range, lift: Range, *, colour: RGB | None = None) -> Mark:
    """Coated grains: pisoliths, oncoids, ooids, of coats that alternate in shade around a kernel."""

    def draw(rock: Rock, face: Face) -> Face:
        size = rock.mm(size_mm)
        points = outlines(rock, Shape(flat=(0.7, 1.0), rough=0.05, spread=0.35), size, rock.between(cover))
        middles = points.mean(1, keepdims=True)
        base = np.zeros(3) if colour is None else np.asarray(colour, np.float32) - rock.colour
        lifts = rock.between(lift) + 5 * rock.rng.standard_normal((len(points), 1))
        coats = ((1.0, 1.0), (0.68, -1.1), (0.36, 0.8)) if size > 2.0 else ((1.0, 0.8),)
        for reach, share in coats:
            own = base if reach == 1.0 else np.zeros(3)
            inner = middles + (points - middles) * reach
            face = tint(face, inner, (own + share * lifts).astype(np.float32), soft_px=max(0.4, 0.07 * size))
        return face

    return draw
