"""Other surroundings for the rock of a real photo: so that what the few photos have around their cores is no law.

Nine boxes of card with white foam say nothing of a cream lid, a grey tray or a written sheet of paper.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.labels import UNLABELLED, Labels
from rockseg_training.repainted import LEAST_REST, edges_of, is_upright, within
from rockseg_training.synthetic import props
from rockseg_training.synthetic.clutter import scatter
from rockseg_training.synthetic.colours import any_rock_colour
from rockseg_training.synthetic.props import Kind, Thing
from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.scene import Scene
from rockseg_training.synthetic.scraps import Scrap, scrap_face

RECOLOURED_SHARE: Final = 0.6  # of crops; the others have things strewn about, and STREWN_SHARE of these too
STREWN_SHARE: Final = 0.3
LEAST_CORE: Final = 0.3  # rock in the columns of a core
SCRAP_SHARE: Final = 0.5  # of what lies in its place, where there are scraps
ROCK_COLOUR_SHARE: Final = 0.25  # of new colours: a floor in the colour of a rock is the hardest
EMPTIED_SHARE: Final = 0.6  # of crops that may be: felt and paper in the place of lost core were called rock
LEAST_GAIN: Final = 0.25  # beyond these, noise and JPEG blocks of a dark photo become a pattern
MOST_GAIN: Final = 4.0
LEAST_APART: Final = 24.0  # grey levels between two tones; halves of a grain of deviation 18 are as far apart


def redressed(
    rng: np.random.Generator,
    pixels: Face,
    labels: Labels,
    core_width_px: float,
    *,
    empty: bool = True,
    scraps: Sequence[Scrap] = (),
) -> tuple[Face, Labels]:
    """Pixels (h, w, 3) and labels (h, w) with the background in other colours, with things strewn about, or both, and,
    if `empty`, often with a stretch of core lost, where foam, felt, card or one of `scraps` lies now.

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
    if empty and rng.random() < EMPTIED_SHARE:
        pixels, labels = _emptied(rng, pixels, labels, core_width_px, scraps)
    return pixels, labels


def _emptied(
    rng: np.random.Generator, pixels: Face, labels: Labels, core_width_px: float, scraps: Sequence[Scrap]
) -> tuple[Face, Labels]:
    rock = (labels > 0) & (labels != UNLABELLED)
    if not rock.any():  # things that were strewn hide it
        return pixels, labels
    upright = is_upright(rock)
    scene = Scene(pixels.copy(), labels.copy()) if upright else Scene(pixels.swapaxes(0, 1).copy(), labels.T.copy())
    rock = rock if upright else rock.T
    cores = [(left, right) for left, right in pairwise(edges_of(rock)) if rock[:, left:right].mean() > LEAST_CORE]
    if not cores:
        return pixels, labels
    left, right = cores[int(rng.integers(len(cores)))]
    height, wide = scene.size[0], right - left
    long = int(np.clip(core_width_px * rng.lognormal(np.log(1.0), 0.6), 8, height))
    top = int(rng.uniform(-0.3 * long, height - 0.7 * long))
    thing = _in_place_of_core(rng, scene, (long, wide), core_width_px, scraps)
    y, x = np.arange(long, dtype=np.float32), np.arange(wide, dtype=np.float32)
    dark, reach = rng.uniform(0, 0.7, 4), core_width_px * rng.uniform(0.02, 0.15)
    shade = 1 - dark[0] * np.exp(-x / reach) - dark[1] * np.exp((x - wide) / reach)
    rows = 1 - dark[2] * np.exp(-y / reach) - dark[3] * np.exp((y - long) / reach)
    light = np.clip(shade, 0.1, 1) * np.clip(rows, 0.1, 1)[:, None]
    scene.put(Thing(thing.kind, (thing.pixels * light[..., None]).astype(np.float32)), top, left)
    return (scene.pixels, scene.mask) if upright else (scene.pixels.swapaxes(0, 1), scene.mask.T)


def _in_place_of_core(
    rng: np.random.Generator, scene: Scene, size: tuple[int, int], core_width_px: float, scraps: Sequence[Scrap]
) -> Thing:
    if scraps and rng.random() < SCRAP_SHARE:
        return Thing(Kind.FOAM, scrap_face(rng, scraps, *size, core_width_px))
    kind = rng.random()
    if kind < 0.35:
        return props.sheet(rng, *size)
    if kind < 0.65:
        return props.foam(rng, *size)
    rest = scene.pixels[scene.mask == 0]
    card = np.asarray(np.median(rest, 0), np.float32) if rng.random() < 0.5 else props.floor_colour(rng)
    return props.block(rng, *size, card)


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
