"""Other surroundings for the rock of a real photo: so that what the few photos have around their cores is no law.

Nine boxes of card with white foam say nothing of a cream lid, a grey tray or a written sheet of paper.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.labels import UNLABELLED, Labels
from rockseg_training.repainted import LEAST_REST, within
from rockseg_training.synthetic import props
from rockseg_training.synthetic.clutter import scatter
from rockseg_training.synthetic.colours import any_rock_colour
from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.scene import Scene

RECOLOURED_SHARE: Final = 0.6  # of crops; the others have things strewn about, and STREWN_SHARE of these too
STREWN_SHARE: Final = 0.3
ROCK_COLOUR_SHARE: Final = 0.25  # of new colours: a floor in the colour of a rock is the hardest
LEAST_GAIN: Final = 0.25  # beyond these, noise and JPEG blocks of a dark photo become a pattern
MOST_GAIN: Final = 4.0
LEAST_APART: Final = 24.0  # grey levels between two tones; halves of a grain of deviation 18 are as far apart


def redressed(rng: np.random.Generator, pixels: Face, labels: Labels, core_width_px: float) -> tuple[Face, Labels]:
    """Pixels (h, w, 3) and labels (h, w) with the background in other colours, with things strewn about, or both.

    What is unsure goes with the nearer of rock and background. Where things come to lie there is no rock any more. The
    dice may strew nothing.
    """
    rest = labels == 0
    if rest.mean() < LEAST_REST:
        return pixels, labels
    recolour = rng.random() < RECOLOURED_SHARE
    if recolour:
        pixels = _recoloured(rng, pixels, labels)
    if not recolour or rng.random() < STREWN_SHARE:
        scene = Scene(pixels.copy(), labels.copy())
        scatter(rng, scene, core_width_px)
        pixels, labels = scene.pixels, scene.mask
    return pixels, labels


def _recoloured(rng: np.random.Generator, pixels: Face, labels: Labels) -> Face:
    """What is light and what is dark of the background, as Otsu (1979) parts them, take a colour each, or, where it is
    of one tone, all of it one; light, shadow and grain stay.
    """
    light = pixels.mean(2).clip(0, 255).astype(np.uint8)
    rest = labels == 0
    parting, _ = cv2.threshold(light[rest], 0, 255, cv2.THRESH_OTSU)
    parts = rest & (light <= parting), rest & (light > parting)
    tones = [float(np.median(light[part])) for part in parts if part.any()]
    apart = tones[-1] - tones[0]
    if apart < LEAST_APART:
        gain = _gain(rng, pixels[rest])
    else:
        way = np.clip((light - np.mean(tones)) / (rng.uniform(0.05, 0.3) * apart), -30, 30)
        dark, pale = (_gain(rng, pixels[part]) for part in parts)
        gain = dark + (pale - dark) / (1 + np.exp(-way))[..., None]
    around = ~within(labels, (labels > 0) & (labels != UNLABELLED))
    alpha = cv2.GaussianBlur(around.astype(np.float32), (3, 3), 0)[..., None]
    return np.asarray(pixels * (1 + alpha * (gain - 1)), np.float32)


def _gain(rng: np.random.Generator, pixels: Face) -> NDArray[np.floating]:
    """(3,) that brings `pixels` (n, 3) to another colour."""
    colour = any_rock_colour(rng) if rng.random() < ROCK_COLOUR_SHARE else props.floor_colour(rng)
    return np.clip(colour / np.maximum(np.median(pixels, 0), 4.0), LEAST_GAIN, MOST_GAIN)
