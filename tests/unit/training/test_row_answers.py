"""Rows of one of two rocks: told by a model, and by brightness alone."""

import numpy as np
import pytest

from rockseg_training.datasets.photo import Photo
from rockseg_training.datasets.rows import Row
from rockseg_training.evaluation.row_answers import (
    PAIRS,
    RowAnswer,
    answers,
    balanced_accuracy,
    brightness_threshold,
    threshold_accuracy,
)
from rockseg_training.reference import LIME_OR_MARL, REFERENCE

LIME, MARL = (REFERENCE.label[name] for name in PAIRS[0])


def _row(truth: str | None, shares: tuple[float, float] = (0.0, 0.0), brightness: float = 0.0) -> RowAnswer:
    return RowAnswer("a", truth, shares, brightness, 50.0)


def test_a_row_is_told_by_what_more_of_its_rock_is_called() -> None:
    labels = np.full((40, 20), REFERENCE.label[LIME_OR_MARL], np.uint8)
    labels[:, 15:] = 0
    said = np.full((40, 20), MARL, np.uint8)
    said[:15] = LIME
    said[:, 15:] = LIME  # called rock where there is none: not of the row's rock
    photo = Photo("a", "a", np.full((40, 20, 3), 90, np.uint8), labels, 15.0)
    rows = [Row(0, 20, 0, 20, "limestone", 90.0), Row(20, 40, 0, 20, "marl rock", 50.0)]
    first, second = answers(photo, rows, PAIRS[0], said, REFERENCE)
    assert first.shares == pytest.approx((0.75, 0.25))
    assert second.shares == (0.0, 1.0)
    assert balanced_accuracy([first, second], PAIRS[0]) == 1.0


def test_measured_rows_are_no_rows_of_sandstone_or_mudstone() -> None:
    photo = Photo("a", "a", np.zeros((9, 9, 3), np.uint8), np.ones((9, 9), np.uint8), 9.0)
    said = np.ones((9, 9), np.uint8)
    assert not answers(photo, [Row(0, 9, 0, 9, "mudstone", 5.0)], PAIRS[1], said, REFERENCE)
    assert answers(photo, [Row(0, 9, 0, 9, "mudstone")], PAIRS[1], said, REFERENCE)


def test_each_rock_counts_alike_and_a_row_called_neither_is_wrong() -> None:
    told = [_row("limestone", (0.9, 0.1))] * 9 + [_row("marl rock", (0.9, 0.1))]
    assert balanced_accuracy(told, PAIRS[0]) == 0.5
    assert balanced_accuracy([_row("limestone"), _row("marl rock", (0, 1))], PAIRS[0]) == 0.5
    assert np.isnan(balanced_accuracy([_row("limestone", (1, 0))], PAIRS[0]))


@pytest.mark.parametrize("bright", ["limestone", "marl rock"])
def test_the_threshold_finds_which_rock_is_the_brighter(bright: str) -> None:
    dark = next(name for name in PAIRS[0] if name != bright)
    rows = [_row(bright, brightness=value) for value in (100, 120, 140)]
    rows += [_row(dark, brightness=value) for value in (50, 60, 70)]
    fitted = brightness_threshold(rows, PAIRS[0])
    assert fitted == (70, bright == "limestone")
    assert threshold_accuracy(rows, rows, PAIRS[0]) == 1.0
    assert threshold_accuracy([_row(bright, brightness=10), _row(dark, brightness=10)], rows, PAIRS[0]) == 0.5


def test_without_both_rocks_there_is_no_threshold() -> None:
    assert brightness_threshold([_row("limestone", brightness=3)], PAIRS[0]) is None
    assert np.isnan(threshold_accuracy([_row("limestone"), _row("marl rock")], [], PAIRS[0]))
