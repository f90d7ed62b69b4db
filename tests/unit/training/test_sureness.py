"""A confidence is judged by how often it is right."""

import numpy as np
import pytest

from rockseg_training.evaluation.sureness import BINS, Sureness
from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.reference import LIME_OR_MARL, REFERENCE


def _of(confidence: list[int], right: list[bool]) -> Sureness:
    sureness = Sureness()
    sureness.add(np.array(confidence, np.uint8), np.array(right))
    return sureness


def test_a_confidence_that_keeps_its_word_has_next_to_no_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.integers(60, 256, 200_000).astype(np.uint8)
    honest, boastful = Sureness(), Sureness()
    honest.add(confidence, rng.random(200_000) < confidence / 255)
    boastful.add(confidence, rng.random(200_000) < 0.5 * confidence / 255)
    assert honest.calibration_error() < 0.01
    assert boastful.calibration_error() == pytest.approx(0.5 * confidence.mean() / 255, abs=0.01)


def test_rock_of_one_of_several_kinds_is_no_test_of_a_confidence_in_one_of_them() -> None:
    known, either, rock = (REFERENCE.label[name] for name in ("limestone", LIME_OR_MARL, ROCK))
    labels = np.array([[known, known, either], [rock, UNLABELLED, 0]], np.uint8)
    said = np.array([[known, 1, known], [1, 1, 1]], np.uint8)
    sureness = Sureness()
    sureness.judge(np.full((2, 3), 200, np.uint8), said, labels, REFERENCE)
    # Half of the rock is known as well as that: the one pixel of no rock, called rock, is half a mistake.
    assert sureness.counts[:, 200].tolist() == [1.5, 1]


def test_bins_hold_as_many_pixels_each_even_where_all_are_equally_sure() -> None:
    sureness = _of([255] * 100 + [128] * 50, [True] * 90 + [False] * 10 + [True] * 25 + [False] * 25)
    bins = sureness.bins()
    assert len(bins) == BINS
    assert [part.pixels for part in bins] == pytest.approx([10.0] * BINS)
    assert sureness.calibration_error() == pytest.approx((100 * 0.1 + 50 * (128 / 255 - 0.5)) / 150)


def test_what_is_added_in_parts_is_as_what_is_added_at_once() -> None:
    parts = _of([10, 200], [False, True])
    parts.add(np.array([90], np.uint8), np.array([True]))
    assert np.array_equal(parts.counts, _of([10, 200, 90], [False, True, True]).counts)


def test_risk_falls_where_the_unsure_are_left_out_and_its_area_says_so() -> None:
    knowing = _of([255] * 50 + [50] * 50, [True] * 50 + [False] * 50)
    coverage, risk = knowing.risk_coverage()
    assert coverage.tolist() == [0.5, 1.0]
    assert risk.tolist() == [0.0, 0.5]
    unknowing = _of([255] * 50 + [50] * 50, ([True] * 25 + [False] * 25) * 2)
    assert knowing.risk_area() < 0.5 * unknowing.risk_area()
    assert unknowing.risk_area() == pytest.approx(0.5)


def test_without_pixels_there_is_no_figure() -> None:
    assert np.isnan(Sureness().calibration_error())
    assert np.isnan(Sureness().risk_area())
