import numpy as np
import pytest

from rockseg_training.not_core.kinds import KINDS, SIDES_PX, draw_not_core


def test_there_are_kinds_enough_to_judge_on_half_of_them() -> None:
    assert len(KINDS) >= 24


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_fixed_by_its_kind_and_number_and_unlike_the_next(kind: str) -> None:
    first, again, other = draw_not_core(kind, 3), draw_not_core(kind, 3), draw_not_core(kind, 4)
    assert np.array_equal(first, again)
    assert first.dtype == np.uint8
    assert first.shape[2] == 3
    assert all(SIDES_PX[0] - 1 <= side <= SIDES_PX[1] for side in first.shape[:2])
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_the_kinds_look_unlike_each_other() -> None:
    pictures = [draw_not_core(kind, 0) for kind in KINDS]
    looks = {tuple(np.round(picture.reshape(-1, 3).mean(0))) for picture in pictures}
    assert len(looks) > 0.9 * len(KINDS)
