"""What is drawn is what its class says: families, colours, beds."""

import cv2
import numpy as np
import pytest

from rockseg_training.synthetic.crop import draw_crop
from rockseg_training.synthetic.families.family import Family, Which, split_of
from rockseg_training.synthetic.families.interlayered import SAND_AND_MUD, SILT_AND_MUD, THICKEST
from rockseg_training.synthetic.families.registry import FAMILIES, families_of
from rockseg_training.synthetic.kinds import NAMES
from rockseg_training.synthetic.paint import Painter, paint_family

EVERY = [family for families in FAMILIES.values() for family in families]


@pytest.mark.parametrize("family", EVERY, ids=lambda family: family.name)
def test_a_family_paints_any_size_without_a_hole(family: Family) -> None:
    rng = np.random.default_rng(len(family.name))
    for height, width in [(1, 24), (40, 8), (120, 160), (300, 60)]:
        face = paint_family(rng, family, height, width, core_width_px=width, core_mm=85.0)
        assert (face.shape, face.dtype) == ((height, width, 3), np.float32)
        assert np.isfinite(face).all()


@pytest.mark.parametrize("index", sorted(FAMILIES))
def test_a_class_has_five_families_and_more_named_after_it_a_fourth_of_them_held_out(index: int) -> None:
    families, kept, held_out = (families_of(index, which) for which in ("all", "train", "held_out"))
    assert len({family.name for family in families}) == len(families) >= 5
    assert all(family.name.startswith(f"{NAMES[index]}/") for family in families)
    assert kept
    assert 1 <= len(held_out) <= len(families) / 3
    assert {*kept, *held_out} == {*families}
    assert not {*kept} & {*held_out}


def test_which_families_are_held_out_hangs_on_their_names_and_not_on_their_order() -> None:
    families = FAMILIES[1]
    assert set(split_of(families[::-1], "held_out")) == set(split_of(families, "held_out"))


@pytest.mark.parametrize("which", ["train", "held_out"])
def test_a_crop_is_painted_by_the_families_asked_for(which: Which) -> None:
    allowed = {family.name for index in FAMILIES for family in families_of(index, which)}
    painted = [name for number in range(40) for name in draw_crop((19, number), 128, 128, families=which).families]
    assert painted
    assert set(painted) <= allowed


def _lightness(index: int) -> np.ndarray:
    rng, painter = np.random.default_rng(index), Painter()
    return np.array([painter.paint(rng, index, 40, 40, core_width_px=60, core_mm=60).mean() for _ in range(250)])


def test_one_mudstone_in_five_is_lighter_than_the_median_sandstone() -> None:
    mudstones, sandstones = _lightness(3), _lightness(1)
    assert np.mean(mudstones) < np.mean(sandstones)
    assert np.mean(mudstones > np.median(sandstones)) >= 0.20


def test_no_rock_is_told_by_its_lightness_alone() -> None:
    # The middle half of any rock's lightness meets the middle half of most other rocks'.
    middles = {index: np.percentile(_lightness(index), [20, 80]) for index in FAMILIES}
    for index, (low, high) in middles.items():
        meets = sum(low <= other_high and other_low <= high for other_low, other_high in middles.values())
        assert meets >= 8, NAMES[index]


def _beds(line: np.ndarray) -> np.ndarray:
    """Lengths of the beds along a line of lightness, the cut ones at its ends left out."""
    sandy = line > (np.percentile(line, 10) + np.percentile(line, 90)) / 2
    return np.diff(np.flatnonzero(np.diff(sandy.astype(int))))


@pytest.mark.parametrize("family", [*SAND_AND_MUD, *SILT_AND_MUD], ids=lambda family: family.name)
def test_interlayered_beds_alternate_thrice_in_any_core_width_and_none_is_thick(family: Family) -> None:
    width, seen = 160, 0
    for seed in range(8):
        face = paint_family(np.random.default_rng(seed), family, 800, width, core_width_px=width, core_mm=85.0)
        line = face[:, 75:85].mean((1, 2))
        grained = np.convolve(line, np.ones(5) / 5, "valid")
        beds = _beds(grained)
        seen += len(beds) >= 3 * 800 / width - 2
        # A graded bed seems to end where it has faded; lenses join now and then; waves stretch a bed: hence the slack.
        assert np.percentile(beds, 90) <= 1.25 * THICKEST * width
    assert seen >= 7


def test_silt_beds_are_thinner_than_sand_beds() -> None:
    def middle(families: tuple[Family, ...]) -> float:
        lines = [
            paint_family(np.random.default_rng(3), family, 800, 160, core_width_px=160, core_mm=85.0)[:, 75:85]
            for family in families
        ]
        return float(np.median(np.concatenate([_beds(line.mean((1, 2))) for line in lines])))

    assert middle(SILT_AND_MUD) < 0.75 * middle(SAND_AND_MUD)


def test_grain_vanishes_where_it_does_in_life() -> None:
    # The same sand, photographed at 6 px/mm and at 0.6: its grain is there, and is averaged out.
    family = FAMILIES[1][0]

    def grain(core_width_px: int, seed: int) -> float:
        rng = np.random.default_rng(seed)
        face = paint_family(rng, family, 60, 60, core_width_px=core_width_px, core_mm=50.0).mean(2)
        return float((face - cv2.blur(face, (9, 9))).std())

    near, far = (np.mean([grain(width, seed) for seed in range(30)]) for width in (300, 30))
    assert far < 0.6 * near
