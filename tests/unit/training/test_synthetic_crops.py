"""Drawn crops, a few hundred of fixed seeds: fixed by the seed, exact in the mask, and of the mix that was decided."""

import time
from collections import Counter

import numpy as np
import pytest

from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import Drawn, core_width_px, draw_crop
from rockseg_training.synthetic.kinds import NAMES, UNLABELLED

SHAPES = [(256, 256), (512, 256), (256, 512), (96, 160)]
HARD = ("tray", "foam", "text", "ruler", "chart", "label")


@pytest.fixture(scope="module")
def crops() -> list[Drawn]:
    return [draw_crop((5, number), 256, 256) for number in range(240)]


@pytest.mark.parametrize("shape", SHAPES)
def test_one_seed_draws_one_crop(shape: tuple[int, int]) -> None:
    one, same, other = draw_crop((7, 1), *shape), draw_crop((7, 1), *shape), draw_crop((7, 2), *shape)
    assert np.array_equal(one.pixels, same.pixels)
    assert np.array_equal(one.mask, same.mask)
    assert not np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_and_mask_have_the_size_asked_for(shape: tuple[int, int]) -> None:
    for number in range(12):
        crop = draw_crop((11, number), *shape)
        assert (crop.pixels.shape, crop.pixels.dtype) == ((*shape, 3), np.uint8)
        assert (crop.mask.shape, crop.mask.dtype) == (shape, np.uint8)


def test_a_mask_says_what_the_reference_says() -> None:
    assert tuple(rock.name for rock in REFERENCE.classes) == NAMES


def test_masks_hold_classes_and_unlabelled_only_and_every_rock_has_its_share(crops: list[Drawn]) -> None:
    seen = sum(np.bincount(crop.mask.ravel(), minlength=256) for crop in crops)
    assert not seen[len(NAMES) : UNLABELLED].any()
    rocks = seen[1 : len(NAMES)]
    assert rocks.min() > 0.35 * rocks.mean(), dict(zip(NAMES[1:], rocks, strict=True))


@pytest.mark.parametrize("kind", HARD)
def test_each_kind_of_hard_negative_is_in_fifteen_crops_of_a_hundred(crops: list[Drawn], kind: str) -> None:
    shown = Counter(name for crop in crops for name in crop.shown)
    assert shown[kind] >= 0.15 * len(crops)


def test_a_quarter_of_the_crops_is_one_tight_core_without_border(crops: list[Drawn]) -> None:
    # Nothing but rock and padding; where cores lie against each other there is no padding, and they do not count.
    tight = [crop for crop in crops if not (crop.mask == 0).any() and (crop.mask == UNLABELLED).mean() > 0.1]
    assert len(tight) >= 0.25 * len(crops)


def test_some_photos_show_no_rock_at_all(crops: list[Drawn]) -> None:
    assert 0.06 <= np.mean([not ((crop.mask > 0) & (crop.mask < UNLABELLED)).any() for crop in crops]) <= 0.25


@pytest.mark.parametrize("shape", [(256, 256), (96, 320)])
def test_a_crop_is_two_core_widths_long(shape: tuple[int, int]) -> None:
    assert max(draw_crop((13, number), *shape).core_width_px for number in range(40)) <= max(shape) / 2


def test_cores_are_80_to_300_px_wide_but_for_those_that_the_first_pass_sees() -> None:
    rng = np.random.default_rng(1)
    widths = np.array([core_width_px(rng) for _ in range(1000)])
    assert widths.min() >= 36
    assert widths.max() <= 300
    assert 0.05 <= (widths < 80).mean() <= 0.2


def test_cores_lie_along_either_axis(crops: list[Drawn]) -> None:
    along_x = [
        np.ptp(np.flatnonzero((crop.mask == UNLABELLED).all(1))) if (crop.mask == UNLABELLED).all(1).any() else -1
        for crop in crops
        if (crop.mask == UNLABELLED).mean() > 0.2
    ]
    assert 0.25 <= np.mean(np.array(along_x) >= 0) <= 0.75


def test_drawing_keeps_up_with_training() -> None:
    # 35 ms of one core in the mean is what training allows; it takes about 15. Twice that is for a machine in use.
    started = time.process_time()
    for number in range(40):
        draw_crop((17, number), 256, 256)
    assert (time.process_time() - started) / 40 < 0.070
