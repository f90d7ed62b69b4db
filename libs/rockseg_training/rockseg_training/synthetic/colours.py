"""Colour is a prior, not a law: each way of being a rock has likely colours, and any rock may have another's."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from rockseg_training.synthetic.rock import RGB, Colour

# Shares of rocks that take a colour of any kind of rock, and that are bleached: a grey core under a cold lamp.
STRANGE_SHARE: Final = 0.08
BLEACHED_SHARE: Final = 0.12
# Colours that rocks of every kind have been seen in, dry and wet.
ANY_ROCK: Final = (
    (210, 203, 188), (184, 168, 140), (150, 128, 96), (120, 112, 98), (62, 62, 64), (92, 96, 88), (104, 74, 66),
    (146, 148, 146), (176, 176, 174), (216, 220, 224), (160, 92, 52), (178, 128, 76), (126, 138, 124), (84, 86, 92),
    (196, 150, 112), (42, 42, 46), (138, 136, 128), (190, 192, 186),
)  # fmt: skip


def rock_colour(rng: np.random.Generator, likely: Sequence[RGB]) -> Colour:
    """(3,) RGB in 0–255 of one rock whose `likely` colours are these."""
    anchors = ANY_ROCK if rng.random() < STRANGE_SHARE else likely
    base = np.array(anchors[int(rng.integers(len(anchors)))], np.float32)
    if rng.random() < BLEACHED_SHARE:
        base = base.mean() + 0.3 * (base - base.mean())
    return shade(rng, base, lightness=15.0, chroma=4.0)


def any_rock_colour(rng: np.random.Generator) -> Colour:
    """A colour that some rock may have."""
    return rock_colour(rng, ANY_ROCK)


def shade(rng: np.random.Generator, colour: Colour, *, lightness: float, chroma: float) -> Colour:
    """A colour near `colour`: deviations in grey levels, common to the channels and of each."""
    near = colour + rng.normal(0, lightness) + rng.normal(0, chroma, 3)
    return np.clip(near, 12, 244).astype(np.float32)


def any_colour(rng: np.random.Generator) -> Colour:
    """(3,) RGB of anything man-made."""
    value, saturation = rng.uniform(20, 245), rng.choice([0.05, 0.15, 0.8], p=[0.4, 0.3, 0.3])
    return np.asarray(np.clip(value * (1 - saturation * rng.random(3)), 5, 250), np.float32)
