"""Contacts are found, and judged by how far off they are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from rockseg_training.evaluation.contacts import ContactErrors, contacts
from rockseg_training.labels import UNLABELLED

WIDTH = 40


def _core(*beds: tuple[int, int]) -> NDArray[np.uint8]:
    """Beds of (class, rows) from the top."""
    return np.concatenate([np.full((rows, WIDTH), rock, np.uint8) for rock, rows in beds])


def _photo(core: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.pad(core, ((0, 0), (30, 30)))


def test_a_contact_lies_where_one_rock_gives_way_to_another() -> None:
    assert contacts(_core((1, 50), (2, 60), (1, 40)), WIDTH).tolist() == [50, 110]


def test_a_sliver_and_a_gap_are_no_contact_and_rock_of_unknown_kind_hides_little() -> None:
    assert contacts(_core((1, 50), (2, 3), (1, 40)), WIDTH).tolist() == []
    assert contacts(_core((1, 50), (0, 30), (2, 40)), WIDTH).tolist() == []  # who knows what lay there
    assert contacts(_core((1, 50), (240, 10), (2, 40)), WIDTH).tolist() == [55]


@pytest.mark.parametrize("turned", [False, True])
def test_the_error_is_the_distance_in_core_widths_whichever_way_the_core_lies(turned: bool) -> None:
    truth, said = _photo(_core((1, 100), (2, 100))), _photo(_core((1, 110), (2, 90)))
    errors = ContactErrors()
    errors.add(truth.T if turned else truth, said.T if turned else said, WIDTH)
    assert errors.medians() == pytest.approx((0.25, 0.25))
    assert errors.found_share() == 0


def test_a_contact_that_nobody_said_costs_a_core_width_and_one_too_many_is_an_error_too() -> None:
    truth = _photo(_core((1, 100), (2, 100)))
    missed, surplus = ContactErrors(), ContactErrors()
    missed.add(truth, _photo(_core((1, 200))), WIDTH)
    surplus.add(truth, _photo(_core((1, 40), (3, 30), (1, 30), (2, 100))), WIDTH)
    assert missed.of_true == [1.0]
    assert surplus.of_true == [0.0]
    assert sorted(surplus.of_said) == [0.0, 0.75, 1.0]


def test_a_core_of_which_no_two_rocks_are_known_is_passed_over() -> None:
    errors = ContactErrors()
    errors.add(_photo(_core((1, 100), (UNLABELLED, 100))), _photo(_core((1, 100), (2, 100))), WIDTH)
    assert not errors.of_true
    assert np.isnan(errors.found_share())
