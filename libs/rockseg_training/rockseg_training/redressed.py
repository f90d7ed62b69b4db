"""Other surroundings for the rock of a real photo: so that what the few photos have around their cores is no law.

Nine boxes of card with white foam say nothing of a cream lid, a grey tray or a written sheet of paper.
"""

from typing import Final

import cv2
import numpy as np

from rockseg_training.labels import UNLABELLED, Labels
from rockseg_training.repainted import LEAST_REST, within
from rockseg_training.synthetic import props
from rockseg_training.synthetic.clutter import scatter
from rockseg_training.synthetic.colours import any_rock_colour
from rockseg_training.synthetic.rock import Colour, Face
from rockseg_training.synthetic.scene import Scene

RECOLOURED_SHARE: Final = 0.6  # of crops; the others have things strewn about, and STREWN_SHARE of these too
STREWN_SHARE: Final = 0.3
ROCK_COLOUR_SHARE: Final = 0.25  # of new colours: a floor in the colour of a rock is the hardest
LEAST_GAIN: Final = 0.25  # beyond these, noise and JPEG blocks of a dark photo become a pattern
MOST_GAIN: Final = 4.0


def redressed(rng: np.random.Generator, pixels: Face, labels: Labels, core_width_px: float) -> tuple[Face, Labels]:
    """Pixels (h, w, 3) and labels (h, w) with the background in other colours, with things strewn about, or both.

    What is unsure goes with the nearer of rock and background. Where things come to lie there is no rock any more.
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
    """What is light and what is dark of the background take a colour each; light, shadow and grain stay."""
    light = pixels.mean(2)
    rest = labels == 0
    parting = float(np.quantile(light[rest], rng.uniform(0.2, 0.8)))
    lighter = 1 / (1 + np.exp(np.clip((parting - light) / rng.uniform(4, 20), -30, 30)))
    gains = []
    for there in (rest & (light < parting), rest & (light >= parting)):
        now = np.median(pixels[there], 0) if there.any() else np.full(3, 128.0)
        gains.append(np.clip(_colour(rng) / np.maximum(now, 4.0), LEAST_GAIN, MOST_GAIN))
    gain = gains[0] + lighter[..., None] * (gains[1] - gains[0])
    around = ~within(labels, (labels > 0) & (labels != UNLABELLED))
    alpha = cv2.GaussianBlur(around.astype(np.float32), (3, 3), 0)[..., None]
    return np.asarray(pixels * (1 + alpha * (gain - 1)), np.float32)


def _colour(rng: np.random.Generator) -> Colour:
    return any_rock_colour(rng) if rng.random() < ROCK_COLOUR_SHARE else props.floor_colour(rng)
