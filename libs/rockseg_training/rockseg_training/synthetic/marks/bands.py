"""Marks along the bedding: laminae, cross-sets, streaks, rhythms."""

import cv2
import numpy as np

from rockseg_training.synthetic.noise import Field, along, fractal, profile
from rockseg_training.synthetic.rock import RGB, Face, Mark, Range, Rock, seen


def _reach(rock: Rock) -> int:
    return int(np.hypot(*rock.size)) + 8


def wavy(rock: Rock, amplitude_px: float, length_px: float) -> Field:
    """The bedding's depth, (h, w) in pixels, bent by waves."""
    bend = fractal(rock.rng, *rock.size, beta=3.0, stretch=(0.5, 2.0), finest_px=max(3.0, length_px / 3))
    return rock.depth + np.float32(amplitude_px) * bend


def laminae(spacing_mm: Range, contrast: Range, *, sharp: float = 0.5, wave_mm: Range = (0.0, 0.0)) -> Mark:
    """Parallel light and dark bands; `sharp` is the share that have hard edges, `wave_mm` how far they are crumpled."""

    def draw(rock: Rock, face: Face) -> Face:
        spacing = rock.mm(spacing_mm)
        depth = rock.depth
        if wave_mm[1] > 0:
            depth = wavy(rock, rock.between(wave_mm) * rock.px_per_mm, 4 * spacing)
        bands = profile(rock.rng, _reach(rock), max(1.2, spacing / 2))
        if rock.chance(sharp):
            bands = np.tanh(2.5 * bands)
        level = rock.between(contrast) * seen(spacing / 1.5)
        strength = 1 + 0.35 * fractal(rock.rng, *rock.size, beta=2.5, stretch=(0.5, 4.0), finest_px=8.0)
        return np.asarray(face + (level * strength * along(bands.astype(np.float32), depth))[..., None], np.float32)

    return draw


def cross_sets(set_mm: Range, spacing_mm: Range, contrast: Range, *, slope: Range = (0.25, 0.7)) -> Mark:
    """Foresets that dip within sets, flatten towards each set's base, and are cut off by the next set above."""

    def draw(rock: Rock, face: Face) -> Face:
        rng, reach = rock.rng, _reach(rock)
        spacing = rock.mm(spacing_mm)
        edges = np.cumsum(rng.gamma(4.0, rock.mm(set_mm) / 4.0, 3 + int(4 * reach / (set_mm[0] * rock.px_per_mm))))
        edges -= edges[0] + rng.uniform(0, edges[1] - edges[0])
        depth = wavy(rock, rock.core_width_px * rng.choice([0.0, 0.012, 0.03]), rock.core_width_px * 0.7)
        depth = depth - depth.min()
        number = np.clip(np.searchsorted(edges, depth.ravel()).reshape(rock.size), 1, len(edges) - 1)
        within = depth - edges[number - 1]
        thick = (edges[1:] - edges[:-1])[number - 1]
        way = float(rng.choice([-1, 1]))
        slopes = rng.uniform(*slope, len(edges)) * np.where(rng.random(len(edges)) < 0.25, -way, way)
        offsets = rng.uniform(0, reach, len(edges))
        x = np.arange(rock.width, dtype=np.float32) - rock.width / 2
        steepening = 0.9 * within * within / np.maximum(thick, 1.0)  # so that foresets lie down towards the base
        at = 0.6 * within + steepening + slopes[number] * x + offsets[number]
        bands = np.tanh(1.5 * profile(rng, 2 * reach, max(1.2, spacing / 2))).astype(np.float32)
        row = np.zeros(rock.size, np.float32)
        found = cv2.remap(bands[None, :], at.astype(np.float32), row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        level = rock.between(contrast) * seen(spacing / 1.5)
        surface = np.exp(-((within / 1.2) ** 2)) * rng.uniform(0, 1.2)
        return np.asarray(face + (level * (found - surface))[..., None], np.float32)

    return draw


def streaks(spacing_mm: Range, thick_mm: Range, lift: Range, *, ragged: float = 0.8, colour: RGB | None = None) -> Mark:
    """Thin beds lighter (`lift` > 0) or darker than the rock, or of a `colour`; they pinch out here and there."""

    def draw(rock: Rock, face: Face) -> Face:
        rng, reach = rock.rng, _reach(rock)
        spacing, thick = rock.mm(spacing_mm), rock.mm(thick_mm)
        line, position = np.zeros(reach, np.float32), rng.uniform(0, spacing)
        while position < reach:
            width = max(1.0, rng.gamma(3.0, thick / 3))
            line[int(position) : int(position + width)] = rng.uniform(0.5, 1.0)
            position += width + max(2.0, rng.gamma(1.6, spacing / 1.6))
        broken = fractal(rng, *rock.size, beta=2.5, stretch=(0.4, 4.0), finest_px=max(2.0, thick * 2))
        soft = np.asarray(cv2.GaussianBlur(line[:, None], (1, 3), 0)[:, 0], np.float32)
        depth = wavy(rock, max(0.4, 0.5 * thick), 8 * thick + 6)
        alpha = along(soft, depth) * np.clip(1.6 - ragged + ragged * broken, 0, 1) * max(0.35, seen(thick))
        other = rock.colour + rock.between(lift) if colour is None else colour
        return np.asarray(face + alpha[..., None] * (np.asarray(other, np.float32) - rock.colour), np.float32)

    return draw


def rhythm(period_mm: Range, contrast: Range, *, diffuse: Range = (0.5, 1.1)) -> Mark:
    """Pale and dark come and go in beds of like thickness, with soft edges: lime-rich and lime-poor."""

    def draw(rock: Rock, face: Face) -> Face:
        rng, reach = rock.rng, _reach(rock)
        period = max(3.0, rock.mm(period_mm))
        steps = np.clip(rng.normal(1.0, 0.3, int(reach / period) + 6), 0.35, 2.0) * period
        knots = np.cumsum(steps)
        phase = np.interp(np.arange(reach), knots - knots[0], np.arange(len(knots)))
        wave: Field = np.tanh(1.3 / (rock.between(diffuse) + 0.25) * np.sin(2 * np.pi * phase)).astype(np.float32)
        depth = wavy(rock, 0.07 * period, 3 * period)
        return np.asarray(face + (rock.between(contrast) * along(wave, depth))[..., None], np.float32)

    return draw
