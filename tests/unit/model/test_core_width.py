import numpy as np
import pytest
from drawn import core_box

from rockseg_model.core_width import CoreMeasure, dips, measure, runs


def test_runs_are_the_lengths_of_the_stretches_of_each_row() -> None:
    rows = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1]], bool)
    assert runs(rows).tolist() == [2, 1, 3]


@pytest.mark.parametrize(("cores", "core_width"), [(1, 60), (3, 40), (7, 30)])
def test_width_axis_and_count_of_upright_cores(cores: int, core_width: int) -> None:
    rock = core_box(400, 320, cores=cores, core_width=core_width) > 0
    assert measure(rock) == CoreMeasure(core_width, "y", cores)
    assert measure(rock.T) == CoreMeasure(core_width, "x", cores)


def test_labels_and_crumbs_do_not_change_the_width() -> None:
    rng = np.random.default_rng(0)
    rock = core_box(400, 320, cores=4, core_width=50) > 0
    for row in range(20, 400, 90):
        rock[row : row + 15, 20:60] = False
    crumbs = rng.random(rock.shape) < 0.01
    found = measure(rock | crumbs)
    assert found is not None
    assert found.width_px == pytest.approx(50, abs=2)
    assert (found.axis, found.count) == ("y", 4)


def test_cores_of_unlike_length_are_all_counted() -> None:
    rock = core_box(400, 320, cores=4, core_width=50) > 0
    rock[260:, 80:160] = False
    found = measure(rock)
    assert found is not None
    assert found.count == 4


@pytest.mark.parametrize("share", [0.15, 0.3, 0.45])
def test_a_core_that_fills_a_small_part_of_its_row_is_counted_and_a_label_is_not(share: float) -> None:
    rock = core_box(400, 320, cores=4, core_width=50) > 0
    rock[round(400 * share) :, 240:] = False
    rock[:18, 66:78] = True  # between two cores
    for turned in (rock, rock.T):
        found = measure(turned)
        assert found is not None
        assert (found.width_px, found.count) == (50, 4)


def test_cores_askew_whose_profiles_overlap_are_told_apart_by_the_valley_between() -> None:
    rows = np.arange(400)
    rock = np.zeros((400, 300), bool)
    for left in (20, 90, 160):
        for row in rows:
            rock[row, left + row // 12 : left + row // 12 + 50] = True
    found = measure(rock)
    assert found is not None
    assert (found.width_px, found.count, found.sure) == (50, 3, True)


def test_cores_that_touch_are_told_apart_by_a_known_width() -> None:
    rock = np.ones((400, 120), bool)
    found = measure(rock, known_width_px=40)
    assert found == CoreMeasure(40, "y", 3)


def touching(cores: int, core_width: int, seam: float = 0.12) -> np.ndarray:
    """Upright cores side by side with a gap of 2 px in a share of the rows only."""
    rock = np.ones((400, cores * (core_width + 2) - 2), bool)
    for core in range(1, cores):
        at = core * (core_width + 2) - 2
        rock[37 * core : 37 * core + round(400 * seam), at : at + 2] = False
    return np.pad(rock, 10)


@pytest.mark.parametrize("turned", [False, True])
def test_what_broken_pieces_leave_of_a_core_is_no_seam(turned: bool) -> None:
    """Two cores of 70, each with a piece missing from its middle: the profile dips there as at a seam."""
    rock = np.zeros((760, 200), bool)
    for left in (5, 110):
        rock[20:700, left : left + 70] = True
        rock[400:500, left + 28 : left + 42] = False
    found = measure(rock.T if turned else rock)
    assert found is not None
    assert (found.width_px, found.count, found.sure) == (70, 2, True)


def test_wide_walls_that_are_mostly_called_rock_are_seams_still() -> None:
    """Four cores of 60 with walls of 30, over which the mask goes in 11 stretches of 20."""
    rock = np.zeros((400, 330), bool)
    for core in range(4):
        rock[:, 90 * core : 90 * core + 60] = True
    for wall in range(3):
        for at in range(11):
            top = (at * 36 + 13 * wall) % 380
            rock[top : top + 20, 90 * wall + 60 : 90 * wall + 90] = True
    found = measure(rock)
    assert found is not None
    assert 60 <= found.width_px <= 90  # a core, at most with its wall; not the run of rock over two of them
    assert found.count == 4


@pytest.mark.parametrize(("cores", "core_width"), [(3, 60), (5, 40), (8, 25)])
def test_cores_that_touch_nearly_everywhere_are_told_apart_by_their_seams(cores: int, core_width: int) -> None:
    for rock in (touching(cores, core_width), touching(cores, core_width).T):
        found = measure(rock)
        assert found is not None
        assert found.width_px == pytest.approx(core_width, abs=2)
        assert (found.count, found.sure) == (cores, True)


def test_a_crack_along_a_core_makes_no_two_cores_and_the_width_uncertain() -> None:
    found = measure(touching(2, 50))
    assert found is not None
    assert found.width_px == 102
    assert (found.count, found.sure) == (1, False)


def test_a_known_width_is_certain() -> None:
    found = measure(touching(2, 50), known_width_px=51)
    assert found == CoreMeasure(51, "y", 2)


def test_a_dip_is_counted_once_and_a_shoulder_never() -> None:
    profile = np.array([0, 0.9, 0.9, 0.8, 0.7, 0.8, 0.7, 0.9, 0.9, 0.5, 0.4, 0.0])
    assert dips(profile, 0.15) == [4]
    assert dips(profile, 0.05) == [4, 6]


def test_next_to_no_rock_measures_nothing() -> None:
    rock = np.zeros((100, 100), bool)
    assert measure(rock) is None
    rock[:4] = True
    assert measure(rock) is None
    rock[:5] = True
    assert measure(rock) == CoreMeasure(5, "x", 1)


def test_one_pixel_of_rock_is_a_core_of_one_pixel() -> None:
    assert measure(np.ones((1, 1), bool)) == CoreMeasure(1, "y", 1)
