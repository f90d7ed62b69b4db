"""Other surroundings for real rock: what is still rock keeps its pixels, and nothing becomes rock."""

import numpy as np
import pytest

from rockseg_training.labels import UNLABELLED
from rockseg_training.redressed import redressed
from rockseg_training.synthetic.rock import Face

SEEDS = range(12)


def _box() -> tuple[Face, np.ndarray]:
    """Two grey cores, with an unsure rim of 4 px, on a floor half white and half brown."""
    labels = np.zeros((200, 180), np.uint8)
    pixels = np.full((200, 180, 3), 240.0, np.float32)
    pixels[100:] = (150.0, 110.0, 60.0)
    for left in (20, 100):
        labels[10:190, left - 4 : left + 64] = UNLABELLED
        labels[14:186, left : left + 60] = 3
        pixels[10:190, left - 4 : left + 64] = 90.0
    return pixels, labels


@pytest.mark.parametrize("seed", SEEDS)
def test_rock_that_is_still_rock_keeps_its_pixels(seed: int) -> None:
    pixels, labels = _box()
    face, named = redressed(np.random.default_rng(seed), pixels.copy(), labels.copy(), 60.0)
    inner = np.zeros(labels.shape, bool)
    inner[16:184, 22:78] = inner[16:184, 102:158] = True
    still = inner & (named == 3)
    assert still.any()
    assert (face[still] == 90.0).all()
    assert set(np.unique(named)) <= {0, 3, UNLABELLED}
    assert not ((named == 3) & (labels != 3)).any()


def test_floors_take_other_colours_and_things_lie_about() -> None:
    recoloured, covered = 0, 0
    for seed in SEEDS:
        pixels, labels = _box()
        face, named = redressed(np.random.default_rng(seed), pixels.copy(), labels.copy(), 60.0)
        floor = (labels == 0) & (named == 0)
        recoloured += np.median(np.abs(face - pixels).mean(2)[floor]) > 10
        covered += (named != labels).any()
    assert 3 <= recoloured < len(SEEDS)
    assert 1 <= covered < len(SEEDS)


def test_the_two_floors_may_take_a_colour_each() -> None:
    ratios = []
    for seed in SEEDS:
        pixels, labels = _box()
        face, _ = redressed(np.random.default_rng(seed), pixels.copy(), labels.copy(), 60.0)
        gain = face / pixels
        ratios.append(np.abs(np.median(gain[2:8], (0, 1)) - np.median(gain[192:198], (0, 1))).max())
    assert max(ratios) > 0.3


def test_a_crop_of_rock_alone_is_left_as_it_is() -> None:
    pixels, labels = np.full((64, 64, 3), 120.0, np.float32), np.full((64, 64), 5, np.uint8)
    face, named = redressed(np.random.default_rng(0), pixels, labels, 60.0)
    assert face is pixels
    assert named is labels
