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
    apart = []
    for seed in SEEDS:
        pixels, labels = _box()
        face, _ = redressed(np.random.default_rng(seed), pixels.copy(), labels.copy(), 60.0)
        rims = np.s_[2:8], np.s_[192:198]
        before, after = ([np.median(scene[rim], (0, 1)) for rim in rims] for scene in (pixels, face))
        if all(np.abs(old - new).max() > 10 for old, new in zip(before, after, strict=True)):
            apart.append(np.abs(after[0] / before[0] - after[1] / before[1]).max())
    assert len(apart) >= 3
    assert max(apart) > 0.3, "all of it in one new colour"


@pytest.mark.parametrize("tone", [60.0, 200.0])
def test_a_floor_of_one_tone_takes_one_colour_and_keeps_its_grain(tone: float) -> None:
    grain = np.random.default_rng(9).normal(0, 4, (200, 180, 1)).astype(np.float32)
    alike = []
    for seed in range(40):
        _, labels = _box()
        pixels = np.repeat(tone + grain, 3, 2)
        face, _ = redressed(np.random.default_rng(seed), pixels.copy(), labels.copy(), 60.0)
        gain = (face / pixels)[labels == 0]
        alike.append(np.mean(np.abs(gain / np.median(gain, 0) - 1).max(1) < 0.05))
    assert np.median(alike) > 0.95
    assert np.mean(np.array(alike) > 0.6) > 0.9, "things that are strewn cover a part"


def test_of_a_floor_burnt_out_in_part_both_parts_take_a_colour() -> None:
    kept = []
    for seed in range(40):
        _, labels = _box()
        pixels = np.full((200, 180, 3), 255.0, np.float32)
        pixels[120:] = 60.0
        face, _ = redressed(np.random.default_rng(seed), pixels.copy(), labels.copy(), 60.0)
        if np.abs(np.median(face[192:], (0, 1)) - 60.0).max() > 10:
            kept.append(np.median(face[2:8], (0, 1)).min() > 250)
    assert len(kept) >= 10
    assert np.mean(kept) < 0.2


def test_a_crop_of_rock_alone_is_left_as_it_is() -> None:
    pixels, labels = np.full((64, 64, 3), 120.0, np.float32), np.full((64, 64), 5, np.uint8)
    face, named = redressed(np.random.default_rng(0), pixels, labels, 60.0)
    assert face is pixels
    assert named is labels


@pytest.mark.parametrize("turned", [False, True])
def test_a_stretch_of_a_core_is_lost_across_its_width_and_what_lies_there_is_no_rock(turned: bool) -> None:
    across = []
    for seed in range(40):
        pixels, labels = _box()
        given = (pixels.swapaxes(0, 1).copy(), labels.T.copy()) if turned else (pixels, labels)
        face, named = redressed(np.random.default_rng(seed), given[0], given[1], 60.0)
        if turned:
            face, named = face.swapaxes(0, 1), named.T
        gone = (labels == 3) & (named == 0)
        for left in (20, 100):
            rows = gone[:, left : left + 60].all(1)
            if 25 <= rows.sum() < 172:
                across.append(np.abs(face[rows, left : left + 60] - 90.0).mean())
    assert len(across) >= 10
    assert np.median(across) > 20, "other things than the rock"


def test_scraps_lie_where_core_is_lost() -> None:
    scrap = np.full((90, 90, 3), (255, 0, 255), np.uint8)
    seen: dict[bool, list[bool]] = {False: [], True: []}
    for given, found in seen.items():
        for seed in range(40):
            scraps = [scrap] if given else []
            face, named = redressed(np.random.default_rng(seed), *_box(), 60.0, scraps=scraps)
            magenta = np.minimum(face[..., 0], face[..., 2]) > 1.25 * face[..., 1] + 10
            assert (named[magenta] == 0).all()
            found.append(magenta.mean() > 0.02)
    assert np.mean(seen[True]) > np.mean(seen[False]) + 0.08
