"""Figures in a card are what they claim to be."""

import numpy as np
import pytest
import torch
from torch import nn

from rockseg_training import calibrate
from rockseg_training.evaluate import Tally, iou, logits_of
from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.reference import LIME_OR_MARL, REFERENCE


def test_iou_is_intersection_over_union_and_nan_where_there_is_nothing() -> None:
    confusion = np.array([[5, 5, 0], [0, 10, 0], [0, 0, 0]])
    assert iou(confusion)[:2] == pytest.approx([0.5, 10 / 15])
    assert np.isnan(iou(confusion)[2])


def test_rock_of_unknown_kind_counts_as_rock_and_not_as_a_class() -> None:
    tally = Tally()
    labels = np.array([[REFERENCE.label[ROCK], REFERENCE.label[ROCK], 0, UNLABELLED]], np.uint8)
    tally.add(np.array([[4, 0, 0, 9]]), labels)
    assert tally.confusion.sum() == 1  # the background alone is of known class
    assert tally.rock_iou() == (0.5, 0.5)


def test_kind_share_tells_possible_kinds_from_impossible_ones() -> None:
    tally = Tally()
    said = np.array([[REFERENCE.label["limestone"], REFERENCE.label["marl rock"], REFERENCE.label["anhydrite"], 0]])
    tally.add(said, np.full((1, 4), REFERENCE.label[LIME_OR_MARL], np.uint8))
    assert tally.kind_share() == 0.5


def test_logits_come_in_the_size_of_the_picture(network: nn.Module) -> None:
    assert logits_of(network, np.zeros((50, 70, 3), np.uint8)).shape == (len(REFERENCE.classes), 50, 70)


def test_temperature_scaling_finds_how_overconfident_logits_are() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (20000, 4)).astype(np.float32)
    chances = torch.softmax(torch.from_numpy(honest), 1).numpy()
    labels = (chances.cumsum(1) < rng.random((20000, 1))).sum(1).clip(max=3)
    temperature = calibrate.fit_temperature(honest * 2, labels)
    assert temperature == pytest.approx(2.0, rel=0.07)
    sure = calibrate.confidence(honest * 2, temperature)
    right = honest.argmax(1) == labels
    assert calibrate.calibration_error(sure, right) < 0.02
    assert calibrate.calibration_error(calibrate.confidence(honest * 2, 1.0), right) > 0.08


def test_above_the_threshold_nine_in_ten_are_right() -> None:
    sure = np.linspace(0, 1, 1000, dtype=np.float32)
    right = np.random.default_rng(0).random(1000) < sure
    threshold = calibrate.confident_threshold(sure, right)
    assert right[sure >= threshold].mean() == pytest.approx(0.9, abs=0.02)
    assert calibrate.confident_threshold(sure, np.zeros(1000, bool)) == 0.95
