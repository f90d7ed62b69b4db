"""How each of the eleven rocks is drawn: a face of one rock, bedding across, depth down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from rockseg_training.synthetic import marks
from rockseg_training.synthetic.colours import Colour, rock_colour, shade
from rockseg_training.synthetic.marks import Face
from rockseg_training.synthetic.noise import Field, along, bedding, fractal


@dataclass(frozen=True)
class Rock:
    """What a recipe needs: the size of the face in pixels, the core's width, and the scale."""

    rng: np.random.Generator
    height: int
    width: int
    core_width_px: float
    px_per_mm: float
    depth: Field  # (height, width): pixels along the bedding's normal

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def mm(self, low: float, high: float) -> float:
        """A length between `low` and `high` mm, in pixels; each ratio equally likely."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high)))) * self.px_per_mm


def paint(
    rng: np.random.Generator, index: int, height: int, width: int, *, core_width_px: float, core_mm: float
) -> Face:
    """(height, width, 3) float32 RGB, not clipped, of the rock of class `index` (1–11)."""
    dip = float(rng.normal(0, 0.08) if rng.random() < 0.8 else rng.uniform(-0.6, 0.6))
    wave = float(rng.choice([0.0, 0.01, 0.03], p=[0.4, 0.3, 0.3])) * core_width_px
    depth = bedding(rng, height, width, dip=dip, wave_px=wave)
    rock = Rock(rng, height, width, core_width_px, core_width_px / core_mm, depth)
    return RECIPES[index](rock, rock_colour(rng, index if index in SOLID else 1))


def _body(rock: Rock, colour: Colour, *, mottle: float, grain: float, beta: float, flat: float = 1.0) -> Face:
    """The face before its marks: colour, slow mottling and pixel-fine grain, all in grey levels."""
    rng, size = rock.rng, (rock.height, rock.width)
    slow = fractal(rng, *size, beta=beta, stretch=(1.0, flat), finest_px=2.0)
    fine = rng.standard_normal(size, dtype=np.float32)
    tint = rng.normal(0, 0.12, 3).astype(np.float32) + 1.0  # mottles lean to another hue
    return colour + (mottle * slow)[..., None] * tint + (grain * fine)[..., None]


def _sandstone(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    coarse = rng.uniform(0, 1)  # fine to coarse sand: how much of the grain survives at this scale
    grain = 3 + (4 + 9 * coarse) * min(1.0, rock.px_per_mm / 1.5 + 0.3)
    face = _body(
        rock, colour, mottle=rng.uniform(1, 6), grain=grain, beta=rng.uniform(0.5, 2.0), flat=rng.uniform(1, 4)
    )
    if rock.chance(0.35):
        face = marks.laminae(rng, face, rock.depth, spacing=rock.mm(2, 12), contrast=rng.uniform(2, 10))
    if rock.chance(0.25):
        sets = bedding(rng, rock.height, rock.width, dip=rng.uniform(-0.6, 0.6), wave_px=rock.core_width_px * 0.02)
        face = marks.laminae(rng, face, sets, spacing=rock.mm(3, 10), contrast=rng.uniform(3, 9))
    if rock.chance(0.15):
        dark = shade(rng, np.array((70, 70, 68), np.float32), lightness=15, chroma=4)
        face = marks.clasts(rng, face, size=rock.mm(2, 8), cover=rng.uniform(0.005, 0.04), colours=[dark], angular=0.3)
    if rock.chance(0.3) and rock.px_per_mm > 1:
        face = marks.specks(rng, face, size=0.7, cover=0.006, colour=colour * 0.55, flat=0.9)
    return face


def _siltstone(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(
        rock,
        colour,
        mottle=rng.uniform(2, 6),
        grain=rng.uniform(2.5, 5),
        beta=rng.uniform(1.5, 2.5),
        flat=rng.uniform(2, 8),
    )
    if rock.chance(0.7):
        face = marks.laminae(rng, face, rock.depth, spacing=rock.mm(0.8, 5), contrast=rng.uniform(2, 7))
    if rock.chance(0.4):
        tint = colour * rng.choice([0.8, 1.15])
        face = marks.specks(rng, face, size=rock.mm(1.5, 4), cover=rng.uniform(0.02, 0.12), colour=tint, flat=0.5)
    return face


def _mudstone(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(
        rock,
        colour,
        mottle=rng.uniform(1, 4),
        grain=rng.uniform(0.8, 3),
        beta=rng.uniform(1.8, 3.0),
        flat=rng.uniform(3, 14),
    )
    if rock.chance(0.5):
        face = marks.laminae(rng, face, rock.depth, spacing=rock.mm(0.5, 6), contrast=rng.uniform(1, 4))
    if rock.chance(0.45):  # it splits along its bedding
        split = colour * rng.uniform(0.3, 0.7)
        face = marks.streaks(rng, face, rock.depth, colour=split, spacing=rock.mm(15, 70), thick=1.2)
    if rock.chance(0.12):
        face = marks.lines(rng, face, count=int(rng.integers(1, 4)), colour=colour * 0.5, slope=0.6, rough=0.4, thick=1)
    return face


def _dolomite(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(rock, colour, mottle=rng.uniform(4, 11), grain=rng.uniform(3, 7), beta=rng.uniform(1.0, 2.0))
    if rock.chance(0.25):
        face = marks.laminae(rng, face, rock.depth, spacing=rock.mm(3, 12), contrast=rng.uniform(2, 6))
    hole = colour * rng.uniform(0.25, 0.5)
    face = marks.specks(
        rng, face, size=rock.mm(0.8, 4), cover=rng.uniform(0.01, 0.07), colour=hole, flat=rng.uniform(0.5, 0.9), rim=90
    )
    if rock.chance(0.3):
        face = marks.lines(rng, face, count=int(rng.integers(1, 4)), colour=colour * 0.5, slope=0.1, rough=1.2, thick=1)
    return face


def _limestone(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(
        rock,
        colour,
        mottle=rng.uniform(2, 7),
        grain=rng.uniform(1.5, 5),
        beta=rng.uniform(1.2, 2.4),
        flat=rng.uniform(1, 4),
    )
    if rock.chance(0.65):
        shell = np.clip(colour * rng.choice([0.72, 1.14]), 0, 250).astype(np.float32)
        face = marks.specks(rng, face, size=rock.mm(0.8, 3), cover=rng.uniform(0.02, 0.14), colour=shell, flat=0.35)
    if rock.chance(0.55):
        count = int(1 + rock.height / (rock.core_width_px * rng.uniform(0.5, 2)))
        face = marks.lines(rng, face, count=count, colour=colour * 0.4, slope=0.0, rough=rng.uniform(1, 2.5), thick=1)
    if rock.chance(0.4):
        white = np.array((235, 235, 230), np.float32)
        face = marks.lines(rng, face, count=int(rng.integers(1, 6)), colour=white, slope=0.8, rough=0.45, thick=2)
    return face


def _anhydrite(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(rock, colour, mottle=rng.uniform(2, 6), grain=rng.uniform(1, 3), beta=rng.uniform(1.8, 2.8))
    seam = np.clip(colour * rng.uniform(0.3, 0.65), 20, 200).astype(np.float32)
    if rock.chance(0.7):
        size = rock.mm(6, 28)
        return marks.nodules(
            rng, face, size=size, seam=seam, thick=rng.uniform(0.6, 1.6), stretch=rng.uniform(0.5, 1.0)
        )
    crumpled = bedding(rng, rock.height, rock.width, dip=0.0, wave_px=rock.core_width_px * rng.uniform(0.03, 0.08))
    return marks.streaks(rng, face, crumpled, colour=seam, spacing=rock.mm(4, 14), thick=rock.mm(0.6, 2))


def _interlayered(rock: Rock, coarse: Face, fine: Face, thickest: float) -> Face:
    """At least three alternations in a core width, no bed thicker than 0.3 of it (else the bed is its own class)."""
    rng = rock.rng
    scale, length = 4, int(np.hypot(rock.height, rock.width)) + 8
    layers = np.zeros(length * scale, np.float32)
    at, sandy = 0.0, 0.0
    lean = rng.uniform(0.35, 0.65)
    while at < len(layers):
        share = lean if sandy else 1 - lean
        thick = (
            np.clip(rng.lognormal(np.log(0.17 * share * thickest / 0.28), 0.6), 0.012, thickest) * rock.core_width_px
        )
        layers[int(at) : int(at + thick * scale) + 1] = sandy
        at, sandy = at + thick * scale, 1.0 - sandy
    wave = rock.core_width_px * float(rng.choice([0.003, 0.012, 0.03]))
    depth = rock.depth + wave * fractal(
        rng, rock.height, rock.width, beta=2.5, stretch=(0.6, 2.5), finest_px=0.04 * rock.core_width_px + 2
    )
    alpha = along(layers.reshape(length, scale).mean(1), depth)[..., None]
    return fine + alpha * (coarse - fine)


def _apart(rng: np.random.Generator, one: Colour, other: Colour, least: float) -> Colour:
    """`other`, moved in lightness to differ from `one` by `least` grey levels: beds that nobody sees are none."""
    apart = float(other.mean() - one.mean())
    if abs(apart) < least:
        other = other + (least * (1 if rng.random() < 0.15 else -1) - apart)
    return np.clip(other, 8, 247).astype(np.float32)


def _sand_and_mud(rock: Rock, colour: Colour) -> Face:
    mud = _apart(rock.rng, colour, rock_colour(rock.rng, 3), rock.rng.uniform(28, 90))
    return _interlayered(rock, _sandstone(rock, colour), _mudstone(rock, mud), 0.28)


def _silt_and_mud(rock: Rock, _: Colour) -> Face:
    silt = rock_colour(rock.rng, 2)
    mud = _apart(rock.rng, silt, rock_colour(rock.rng, 3), rock.rng.uniform(18, 55))
    return _interlayered(rock, _siltstone(rock, silt), _mudstone(rock, mud), rock.rng.uniform(0.1, 0.2))


def _conglomerate(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(rock, colour, mottle=rng.uniform(2, 6), grain=rng.uniform(4, 11), beta=rng.uniform(0.5, 2))
    kinds = [rock_colour(rng, int(rng.choice([1, 2, 3, 4, 5, 9, 10]))) for _ in range(int(rng.integers(1, 6)))]
    angular = float(rng.choice([0.2, 0.55]))
    for size in (rock.mm(1.5, 4), rock.mm(5, 18)):
        face = marks.clasts(
            rng, face, size=max(1.2, size), cover=rng.uniform(0.25, 0.6), colours=kinds, angular=angular
        )
    return face + rng.uniform(2, 6) * rng.standard_normal((rock.height, rock.width, 1), dtype=np.float32)


def _crust(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    other = rock_colour(rng, 10)
    face = _body(rock, colour, mottle=rng.uniform(6, 14), grain=rng.uniform(4, 9), beta=rng.uniform(1.2, 2.2))
    patches = fractal(rng, rock.height, rock.width, beta=rng.uniform(2.0, 3.0), finest_px=max(2.0, rock.mm(1, 4)))
    alpha = 1 / (1 + np.exp(-rng.uniform(2, 8) * (patches - rng.uniform(-0.5, 0.8))))
    face = face + alpha[..., None] * (shade(rng, other, lightness=18, chroma=12) - face)
    if rock.chance(0.5):
        pisolith = shade(rng, other * 0.7, lightness=15, chroma=10)
        face = marks.specks(
            rng, face, size=rock.mm(1.5, 5), cover=rng.uniform(0.05, 0.3), colour=pisolith, flat=0.9, rim=40
        )
    if rock.chance(0.5):
        count = int(rng.integers(2, 10))
        face = marks.lines(rng, face, count=count, colour=colour * 0.45, slope=0.5, rough=1.0, thick=2)
    return face


def _marl(rock: Rock, colour: Colour) -> Face:
    rng = rock.rng
    face = _body(
        rock,
        colour,
        mottle=rng.uniform(1.5, 5),
        grain=rng.uniform(1, 3),
        beta=rng.uniform(1.8, 2.8),
        flat=rng.uniform(2, 8),
    )
    face = marks.laminae(
        rng, face, rock.depth, spacing=rock.mm(8, 40), contrast=rng.uniform(4, 13)
    )  # lime comes and goes
    if rock.chance(0.45):
        pale = np.clip(colour + rng.uniform(25, 80), 0, 240).astype(np.float32)
        face = marks.streaks(rng, face, rock.depth, colour=pale, spacing=rock.mm(3, 12), thick=rock.mm(0.5, 1.2))
    if rock.chance(0.45):
        burrow = colour * rng.choice([0.78, 0.88, 1.12])
        face = marks.specks(rng, face, size=rock.mm(1.5, 5), cover=rng.uniform(0.03, 0.15), colour=burrow, flat=0.4)
    return face


RECIPES: Final[dict[int, Callable[[Rock, Colour], Face]]] = {
    1: _sandstone,
    2: _siltstone,
    3: _mudstone,
    4: _dolomite,
    5: _limestone,
    6: _anhydrite,
    7: _sand_and_mud,
    8: _silt_and_mud,
    9: _conglomerate,
    10: _crust,
    11: _marl,
}
SOLID: Final = frozenset(RECIPES) - {7, 8}  # the others are made of two rocks
