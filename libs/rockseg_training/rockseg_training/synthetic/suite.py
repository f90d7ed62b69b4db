"""Rocks of one deposit have a colour in common, and whichever holds more clay is mostly the darker.

Clay, and the organic matter that settles with it, darken a rock: from sandstone over siltstone to mudstone, from
limestone over marl. How light the clean end is, is the deposit's own, so that lightness tells beds apart within a core
and no rock by itself.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from rockseg_training.synthetic.colours import any_rock_colour, shade
from rockseg_training.synthetic.kinds import INDEX
from rockseg_training.synthetic.rock import Colour, Face

SUITE_SHARE: Final = 0.5  # of photos; in the others every bed has its own colour
PALE_CLAY_SHARE: Final = 0.1  # of suites: clay without organic matter under a stained sand
GRADED_SHARE: Final = 0.4  # of contacts within a suite
MOST_SOFT: Final = 0.5  # core widths that a contact grades over: half of it is less than the thinnest bed
# How much of the way from the clean rock to the clay a rock is; those not named keep their own colours.
CLAY: Final = {
    INDEX["sandstone"]: 0.0,
    INDEX["limestone"]: 0.0,
    INDEX["conglomerate"]: 0.15,
    INDEX["interlayered sandstones and mudstones"]: 0.5,
    INDEX["siltstone"]: 0.55,
    INDEX["marl rock"]: 0.65,
    INDEX["interlayered siltstones and mudstones"]: 0.75,
    INDEX["mudstone"]: 1.0,
}


@dataclass(frozen=True)
class Suite:
    """`clean` and `clay` are the colours (3,) of the two ends."""

    clean: Colour
    clay: Colour

    def toned(self, rng: np.random.Generator, index: int, face: Face) -> Face:
        """The face (h, w, 3) of the rock of class `index`, brought to the suite's colour on average."""
        if index not in CLAY:
            return face
        tone = self.clean + CLAY[index] * (self.clay - self.clean)
        return np.asarray(face + (shade(rng, tone, lightness=7.0, chroma=2.0) - face.mean((0, 1))), np.float32)


def draw_suite(rng: np.random.Generator) -> Suite | None:
    """A suite for half of the photos, None for the others."""
    if rng.random() > SUITE_SHARE:
        return None
    clean = any_rock_colour(rng)
    clean = np.asarray(clean * max(1.0, rng.uniform(90, 150) / max(1.0, float(clean.mean()))), np.float32)
    if rng.random() < PALE_CLAY_SHARE:
        return Suite(clean, np.asarray(clean * rng.uniform(1.1, 1.4), np.float32))
    clay = shade(rng, np.asarray(clean * rng.uniform(0.25, 0.8), np.float32), lightness=0.0, chroma=5.0)
    return Suite(clean, clay)


def softness(rng: np.random.Generator, suite: Suite | None, above: int, below: int) -> float:
    """Over how many core widths one rock passes into the next; 0 for a sharp contact."""
    if suite is None or above not in CLAY or below not in CLAY or rng.random() > GRADED_SHARE:
        return 0.0
    return float(rng.uniform(0.08, MOST_SOFT))
