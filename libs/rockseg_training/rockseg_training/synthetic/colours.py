"""Colour is a prior, not a law: each rock has likely colours, and any rock may have another's."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]

# Colours of wet and dry cores under neutral light, by the class's index; several a class, equally likely.
PRIORS: Final[dict[int, tuple[tuple[int, int, int], ...]]] = {
    1: (
        (196, 180, 150),
        (168, 158, 140),
        (150, 128, 96),
        (182, 150, 122),
        (150, 152, 146),
        (110, 92, 68),
        (210, 203, 188),
    ),
    2: ((140, 136, 126), (120, 112, 98), (150, 130, 112), (112, 116, 112), (134, 106, 90), (162, 158, 146)),
    3: (
        (62, 62, 64),
        (42, 42, 46),
        (84, 84, 86),
        (92, 96, 88),
        (104, 74, 66),
        (120, 122, 122),
        (72, 68, 60),
        (150, 150, 146),
    ),
    4: ((184, 168, 140), (160, 146, 122), (202, 192, 170), (142, 134, 122), (172, 152, 120)),
    5: ((204, 202, 194), (176, 176, 174), (222, 216, 202), (150, 150, 150), (192, 182, 162), (128, 130, 132)),
    6: ((216, 220, 224), (190, 198, 208), (230, 228, 224), (168, 178, 190), (204, 196, 188)),
    9: ((150, 132, 112), (128, 120, 112), (150, 104, 84), (110, 112, 108), (172, 160, 142)),
    10: ((160, 92, 52), (132, 70, 48), (178, 128, 76), (112, 74, 58), (186, 156, 112), (142, 112, 88)),
    11: ((150, 154, 148), (124, 128, 126), (176, 176, 168), (106, 110, 112), (138, 142, 126), (90, 94, 98)),
}
STRANGE_SHARE: Final = 0.08  # of rocks that take the colour of another class


def rock_colour(rng: np.random.Generator, index: int) -> Colour:
    """(3,) RGB in 0–255 of one rock of the class `index`."""
    if rng.random() < STRANGE_SHARE:
        index = int(rng.choice(list(PRIORS)))
    anchors = PRIORS[index]
    base = np.array(anchors[rng.integers(len(anchors))], np.float32)
    if rng.random() < 0.25:
        base = base.mean() + 0.35 * (base - base.mean())  # bleached: a grey core under a cold lamp
    return shade(rng, base, lightness=16.0, chroma=3.5)


def shade(rng: np.random.Generator, colour: Colour, *, lightness: float, chroma: float) -> Colour:
    """A colour near `colour`: deviations in grey levels, common to the channels and of each."""
    near = colour + rng.normal(0, lightness) + rng.normal(0, chroma, 3)
    return np.clip(near, 8, 247).astype(np.float32)


def any_colour(rng: np.random.Generator) -> Colour:
    """(3,) RGB of anything man-made."""
    value, saturation = rng.uniform(20, 245), rng.choice([0.05, 0.15, 0.8], p=[0.4, 0.3, 0.3])
    return np.asarray(np.clip(value * (1 - saturation * rng.random(3)), 5, 250), np.float32)
