"""Beds of two rocks, each too thin to be its own class: how they alternate is the family."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.families.siltstone import FAMILIES as SILTSTONES
from rockseg_training.synthetic.marks.bands import cross_sets, laminae, wavy
from rockseg_training.synthetic.marks.blobs import Shape, spots
from rockseg_training.synthetic.marks.fabric import fabric
from rockseg_training.synthetic.noise import along, fractal
from rockseg_training.synthetic.rock import RGB, Colour, Face, Mark, Range, Rock, sometimes

# Of a core's width. Three beds of at most this lie within any one core width, and so three alternations and more.
THICKEST: Final = 0.29
FLAT = Shape(flat=(0.3, 0.7), turn=0.5, rough=0.14)


@dataclass(frozen=True)
class Rhythm:
    """`thick` of a bed in core widths, `coarse` the share of coarse beds, `wave` in core widths, `graded` upwards,
    `lenses` how far coarse beds break up, `spread` of the logarithm of thickness.
    """

    thick: Range
    coarse: Range = (0.4, 0.6)
    wave: Range = (0.0, 0.006)
    graded: float = 0.0
    lenses: float = 0.0
    spread: float = 0.5


def beds(rock: Rock, rhythm: Rhythm, length: int) -> NDArray[np.float32]:
    """(2, length): share of the coarse rock, and lightness, at each pixel along the bedding's normal."""
    rng, fine_scale = rock.rng, 4
    layers, shades = np.zeros((2, length * fine_scale), np.float32)
    mean, share = rock.between(rhythm.thick), rock.between(rhythm.coarse)
    least = max(0.012, 1.5 / rock.core_width_px)
    at, coarse = 0.0, bool(rng.random() < 0.5)
    while at < len(layers):
        middle = 2 * mean * (share if coarse else 1 - share)
        thick = np.clip(rng.lognormal(np.log(middle), rhythm.spread), least, THICKEST) * rock.core_width_px
        first, end = int(at), int(at + thick * fine_scale) + 1
        if coarse:
            fade = np.linspace(1 - rhythm.graded, 1, len(layers[first:end]), dtype=np.float32)
            layers[first:end] = fade
        shades[first:end] = rng.normal(0, 5)  # no two beds are of one shade
        at, coarse = at + thick * fine_scale, not coarse
    return np.asarray(np.stack([layers, shades]).reshape(2, length, fine_scale).mean(2), np.float32)


def alternating(coarse: tuple[Mark, ...], rhythm: Rhythm, muds: tuple[RGB, ...], apart: Range) -> Mark:
    """The coarse rock's marks on the rock's colour, against mud at least `apart` grey levels away, mostly darker."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        mud = np.asarray(muds[rng.integers(len(muds))], np.float32) + np.float32(rng.normal(0, 12))
        mud = _moved_away(rock, mud, rock.between(apart))
        for mark in coarse:
            face = mark(rock, face)
        other = fabric(mottle=(1, 2.5), beta=(2.0, 3.0), flat=(3, 12), grain_mm=(0.02, 0.06), grain=(2, 8))
        fine = other(rock, np.broadcast_to(mud, face.shape))
        depth = wavy(rock, rock.between(rhythm.wave) * rock.core_width_px, 0.4 * rock.core_width_px).astype(np.float32)
        shares, shades = beds(rock, rhythm, int(np.hypot(*rock.size)) + 8)
        share, shade = along(shares, depth), along(shades, depth)
        if rhythm.lenses:
            size = max(3.0, 0.05 * rock.core_width_px)
            field = fractal(rng, *rock.size, beta=2.0, stretch=(0.35, 3.0), finest_px=size)
            share = share * np.clip(0.5 + (1.2 - rhythm.lenses + field) * 2, 0, 1)
        return np.asarray(fine + share[..., None] * (face - fine) + shade[..., None], np.float32)

    return draw


def _moved_away(rock: Rock, mud: Colour, least: float) -> Colour:
    """Beds that nobody sees are none."""
    apart = float(mud.mean() - rock.colour.mean())
    if abs(apart) < least:
        lighter = rock.chance(0.15) or rock.colour.mean() < least + 12
        mud = mud + np.float32((least if lighter else -least) - apart)
    return np.clip(mud, 8, 247).astype(np.float32)


SAND: Final[tuple[RGB, ...]] = ((190, 172, 138), (168, 158, 140), (150, 138, 116), (204, 196, 180), (178, 132, 104))
SILT: Final[tuple[RGB, ...]] = ((150, 146, 138), (128, 126, 120), (168, 162, 150), (112, 112, 110), (140, 100, 82))
MUD: Final[tuple[RGB, ...]] = (
    (62, 62, 64),
    (84, 84, 86),
    (96, 90, 80),
    (108, 110, 106),
    (104, 74, 66),
    (130, 128, 122),
)


def _sand(*more: Mark) -> tuple[Mark, ...]:
    return (fabric(mottle=(1, 4), beta=(0.8, 1.8), grain_mm=(0.35, 0.8), grain=(10, 17), skew=0.15), *more)


def _silt(*more: Mark) -> tuple[Mark, ...]:
    return (SILTSTONES[0].marks[0], *more)


def _sandy(name: str, coarse: tuple[Mark, ...], rhythm: Rhythm, *over: Mark) -> Family:
    name = f"interlayered sandstones and mudstones/{name}"
    return Family(name, SAND, (alternating(coarse, rhythm, MUD, (22, 75)), *over))


def _silty(name: str, coarse: tuple[Mark, ...], rhythm: Rhythm, *over: Mark) -> Family:
    name = f"interlayered siltstones and mudstones/{name}"
    return Family(name, SILT, (alternating(coarse, rhythm, MUD, (16, 50)), *over))


BURROWED: Final = spots((1.5, 4), (0.04, 0.14), (-30, 25), shape=FLAT)

SAND_AND_MUD: Final = (
    _sandy("wavy", _sand(), Rhythm((0.09, 0.14), wave=(0.015, 0.035))),
    _sandy("flaser", _sand(cross_sets((6, 14), (1.5, 3), (5, 10))), Rhythm((0.08, 0.13), (0.65, 0.75), (0.01, 0.03))),
    _sandy("lenticular", _sand(), Rhythm((0.08, 0.13), (0.35, 0.5), (0.01, 0.03), lenses=0.7)),
    _sandy("thin turbidites", _sand(sometimes(0.6, laminae((2, 5), (4, 9)))), Rhythm((0.1, 0.15), graded=0.8)),
    _sandy("tidal rhythmite", _sand(), Rhythm((0.05, 0.09), wave=(0.0, 0.01), spread=0.3)),
    _sandy("burrowed heterolith", _sand(), Rhythm((0.09, 0.14), wave=(0.01, 0.03), lenses=0.3), BURROWED),
    _sandy("rippled", _sand(cross_sets((5, 12), (1.2, 3), (6, 12))), Rhythm((0.09, 0.14), wave=(0.01, 0.03))),
)
SILT_AND_MUD: Final = (
    _silty("pinstripe", _silt(), Rhythm((0.018, 0.035), wave=(0.0, 0.006), spread=0.4)),
    _silty("lenticular", _silt(), Rhythm((0.03, 0.05), (0.4, 0.5), (0.005, 0.015), lenses=0.6)),
    _silty("graded", _silt(), Rhythm((0.035, 0.06), graded=0.9)),
    _silty("varves", _silt(), Rhythm((0.02, 0.045), graded=0.5, spread=0.2)),
    _silty("starved ripples", _silt(cross_sets((4, 9), (0.9, 2), (4, 9))), Rhythm((0.035, 0.06), wave=(0.01, 0.025))),
    _silty("burrowed laminite", _silt(), Rhythm((0.025, 0.05), wave=(0.004, 0.012), lenses=0.2), BURROWED),
    _silty("streaky", _silt(), Rhythm((0.025, 0.055), (0.3, 0.6), (0.004, 0.012), spread=0.8)),
)
