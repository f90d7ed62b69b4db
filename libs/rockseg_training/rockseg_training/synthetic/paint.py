"""A face of one rock, drawn by one of its families or taken from a real texture."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rockseg_training.synthetic.colours import rock_colour
from rockseg_training.synthetic.families.family import Family, Which
from rockseg_training.synthetic.families.registry import families_of
from rockseg_training.synthetic.noise import bedding
from rockseg_training.synthetic.rock import Face, Rock
from rockseg_training.synthetic.textures import Textures, textured

TEXTURE_SHARE: Final = 0.35  # of faces, where there are real textures of the rock


@dataclass
class Painter:
    """Paints rocks by the families allowed, and keeps the names of those it took in `painted`."""

    families: Which = "all"
    textures: Textures = field(default_factory=dict)
    painted: set[str] = field(default_factory=set)

    def paint(
        self, rng: np.random.Generator, index: int, height: int, width: int, *, core_width_px: float, core_mm: float
    ) -> Face:
        """(height, width, 3) float32 RGB, not clipped, of the rock of class `index` (1–11)."""
        px_per_mm = core_width_px / core_mm
        patches = self.textures.get(index, ())
        if patches and rng.random() < TEXTURE_SHARE:
            return textured(rng, patches[int(rng.integers(len(patches)))], height, width, px_per_mm)
        choice = families_of(index, self.families)
        family = choice[int(rng.integers(len(choice)))]
        self.painted.add(family.name)
        return paint_family(rng, family, height, width, core_width_px=core_width_px, core_mm=core_mm)


def paint_family(
    rng: np.random.Generator, family: Family, height: int, width: int, *, core_width_px: float, core_mm: float
) -> Face:
    """(height, width, 3) float32 RGB, not clipped, of one rock of the family."""
    dip = float(rng.normal(0, 0.06) if rng.random() < 0.8 else rng.uniform(-0.6, 0.6))
    wave = float(rng.choice([0.0, 0.008, 0.02], p=[0.4, 0.4, 0.2])) * core_width_px
    colour = rock_colour(rng, family.colours)
    rock = Rock(
        rng, height, width, core_width_px, core_width_px / core_mm, bedding(rng, height, width, dip=dip, wave_px=wave),
        colour,
    )  # fmt: skip
    face: Face = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    for mark in family.marks:
        face = mark(rock, face)
    return face
