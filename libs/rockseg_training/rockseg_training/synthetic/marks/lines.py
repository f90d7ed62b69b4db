"""Lines on a face: veins, stylolites, cracks, roots, shells seen edge on."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.rock import RGB, Colour, Face, Mark, Range, Rock, seen


def _strokes(
    face: Face, paths: list[NDArray[np.float64]], colours: list[Colour], thick: list[float], *, opacity: float = 1.0
) -> Face:
    """Polylines of x, y points; a line thinner than a pixel is drawn fainter instead."""
    if not paths:
        return face
    drawing = np.ascontiguousarray(np.clip(face, 0, 255).astype(np.uint8))
    for path, colour, width in zip(paths, colours, thick, strict=True):
        points = np.round(path * 8).astype(np.int32)
        tone = [float(value) for value in np.clip(colour, 0, 255)]
        cv2.polylines(drawing, [points], False, tone, max(1, round(width)), cv2.LINE_AA, 3)
    return np.asarray(face + opacity * (drawing.astype(np.float32) - np.clip(face, 0, 255)), np.float32)


def _tone(rock: Rock, lift: Range, colour: RGB | None) -> Colour:
    if colour is not None:
        return np.asarray(colour, np.float32) + np.float32(rock.rng.normal(0, 8))
    return np.asarray(rock.colour + rock.between(lift), np.float32)


def veins(
    a_core_width: Range, thick_mm: Range, lift: Range, *, slope: Range = (-1.4, 1.4), colour: RGB | None = None
) -> Mark:
    """Filled fractures, steep or oblique, straight in the main, some in pairs: so many in a core width of length."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        count = rng.poisson(rock.between(a_core_width) * max(0.4, rock.height / rock.core_width_px))
        paths, widths = [], []
        trend = rng.uniform(*slope)
        for _ in range(int(count)):
            angle = trend + rng.normal(0, 0.25)
            reach = rng.uniform(0.4, 2.5) * rock.core_width_px
            t = np.linspace(-0.5, 0.5, 12) * reach
            wander = np.cumsum(rng.normal(0, rock.core_width_px / 130, 12))
            middle = rng.uniform(0, 1, 2) * (rock.width, rock.height)
            x = middle[0] + t * np.sin(angle) + wander * np.cos(angle)
            y = middle[1] + t * np.cos(angle) - wander * np.sin(angle)
            path = np.stack([x, y], 1)
            paths += [path[:5], path[4:9], path[8:]]
            thick = rock.mm(thick_mm)
            widths += [0.4 * thick, thick, 0.5 * thick]
        tone = _tone(rock, lift, colour)
        strength = seen(float(np.mean(widths))) if widths else 1.0
        return _strokes(face, paths, [tone] * len(paths), widths, opacity=max(0.45, strength))

    return draw


def stylolites(a_core_width: Range, height_mm: Range, lift: Range = (-90, -45)) -> Mark:
    """Pressure-solution seams across the core: dark, toothed, some in swarms."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        count = rng.poisson(rock.between(a_core_width) * max(0.4, rock.height / rock.core_width_px))
        paths = []
        x = np.arange(-2, rock.width + 3, max(1.5, rock.width / 110))
        for _ in range(int(count)):
            tall = rock.mm(height_mm)
            teeth = rng.standard_normal(len(x)) * np.repeat(rng.uniform(0.2, 1.2, len(x) // 9 + 1), 9)[: len(x)]
            slow = cv2.GaussianBlur(rng.standard_normal((len(x), 1)), (1, 31), 6)[:, 0] * 5
            y = rng.uniform(0, rock.height) + tall * 0.5 * (teeth + slow) + (rock.dip + rng.normal(0, 0.04)) * x
            paths.append(np.stack([x, y], 1))
        tone = _tone(rock, lift, None)
        return _strokes(face, paths, [tone] * len(paths), [1.0] * len(paths), opacity=float(rng.uniform(0.55, 1.0)))

    return draw


def cracks(a_core_width: Range, thick_mm: Range, lift: Range, *, steep: bool = True) -> Mark:
    """Jagged cracks: dried mud (steep, tapering downwards) or splitting along the bedding (flat)."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        count = rng.poisson(rock.between(a_core_width) * max(0.4, rock.height / rock.core_width_px))
        paths, widths = [], []
        for _ in range(int(count)):
            reach = rng.uniform(0.15, 0.5) * rock.core_width_px if steep else rng.uniform(0.3, 1.1) * rock.width
            t = np.linspace(0, reach, 9)
            side = np.cumsum(rng.normal(0, reach / 45 if steep else reach / 130, 9))
            start = rng.uniform(-0.1, 1, 2) * (rock.width, rock.height)
            path = np.stack([side, t] if steep else [t, side + rock.dip * t], 1) + start
            width = rock.mm(thick_mm)
            paths += [path[:5], path[4:]]
            widths += [width, width / 2]
        tone = _tone(rock, lift, None)
        return _strokes(face, paths, [tone] * len(paths), widths)

    return draw


def roots(a_core_width: Range, thick_mm: Range, lift: Range, *, halo: float = 0.0, colour: RGB | None = None) -> Mark:
    """Tubes that wind downwards, fork and taper; `halo` grey levels of bleaching beside them."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        count = rng.poisson(rock.between(a_core_width) * max(0.4, rock.height / rock.core_width_px))
        paths: list[NDArray[np.float64]] = []
        widths: list[float] = []
        for _ in range(int(count)):
            reach = rng.uniform(0.3, 1.2) * rock.core_width_px
            start = rng.uniform(-0.1, 1, 2) * (rock.width, rock.height)
            path = np.stack([np.cumsum(rng.normal(0, reach / 22, 10)), np.linspace(0, reach, 10)], 1) + start
            thick = rock.mm(thick_mm)
            apart = np.linspace(0, 1, 5)[:, None] * (rng.uniform(0.15, 0.4) * reach, 0)
            fork = path[5] + (path[5:] - path[5]) * (-1.0, 0.8) - apart
            paths += [path[:6], path[5:] + apart, fork]
            widths += [thick, 0.6 * thick, 0.5 * thick]
        tone = _tone(rock, lift, colour)
        if halo:
            wide = [3.0 * width for width in widths]
            face = _strokes(face, paths, [rock.colour + np.float32(halo)] * len(paths), wide, opacity=0.7)
        return _strokes(face, paths, [tone] * len(paths), widths)

    return draw


def shells(size_mm: Range, a_core_square: Range, lift: Range) -> Mark:
    """Bent valves seen edge on, so many in a square of one core width; most lie along the bedding."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        squares = rock.height * rock.width / rock.core_width_px**2
        count = int(min(220, rng.poisson(rock.between(a_core_square) * squares)))
        size = rock.mm(size_mm)
        bend = np.linspace(-1.1, 1.1, 7)
        lengths = size * np.exp(rng.normal(0, 0.4, count))
        turns = rng.normal(0, 0.5, count) + np.pi * rng.integers(0, 2, count)
        middles = rng.uniform(0, 1, (count, 2)) * (rock.width, rock.height)
        curve = np.stack([np.sin(bend), 0.75 * (1 - np.cos(bend)) * rng.uniform(0.5, 1.4)], 1)
        paths = []
        for length, turn, middle in zip(lengths, turns, middles, strict=True):
            spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            paths.append(length * curve @ spin + middle)
        tone = _tone(rock, lift, None)
        widths = [max(1.0, 0.16 * float(length)) for length in lengths]
        return _strokes(face, paths, [tone] * len(paths), widths, opacity=max(0.5, seen(0.3 * size)))

    return draw
