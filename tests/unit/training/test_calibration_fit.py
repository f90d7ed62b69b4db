import numpy as np
import pytest
import torch
from torch import nn

from rockseg_core.domain.manifest import Normalisation
from rockseg_training.calibration_fit import Pixels, fit_calibration, low_confidence
from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.reference import MUD_OR_LIME, REFERENCE
from rockseg_training.synthetic.crop import Drawn

PLAIN = Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
SANDSTONE, MUDSTONE, LIMESTONE = (REFERENCE.label[name] for name in ("sandstone", "mudstone", "limestone"))


class Sure(nn.Module):
    """Says sandstone everywhere, with logits `red` × 10 above all others."""

    def __init__(self, said: int = SANDSTONE) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(10.0))
        self._said = said

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(tiles), len(REFERENCE.classes), *tiles.shape[2:])
        logits[:, self._said] = tiles[:, 0].float() * self.factor
        return logits


def crops(count: int, right: float, red: int = 128, other: int = MUDSTONE) -> list[Drawn]:
    rng = np.random.default_rng(0)
    pixels = np.full((64, 64, 3), red, np.uint8)
    return [
        Drawn(pixels, np.where(rng.random((64, 64)) < right, SANDSTONE, other).astype(np.uint8)) for _ in range(count)
    ]


def test_the_temperature_makes_it_as_sure_as_it_is_right() -> None:
    fit = fit_calibration(Sure(), crops(20, right=0.7), [], REFERENCE, PLAIN)
    logit = 10 * 128 / 255 / fit.temperature
    sure = np.exp(logit) / (np.exp(logit) + len(REFERENCE.classes) - 1)
    assert sure == pytest.approx(0.7, abs=0.03)
    assert fit.calibration.ece is not None
    assert fit.calibration.ece < 0.04


def test_the_report_is_told_the_method_and_on_what_it_was_fitted() -> None:
    calibration = fit_calibration(
        Sure(), crops(4, right=0.7), crops(2, right=0.7), REFERENCE, PLAIN, drawn_are="crops", real_are="pieces"
    ).calibration
    assert (calibration.method, calibration.source) == ("temperature scaling", "4 crops and 2 pieces")


def test_a_label_that_leaves_classes_open_counts_where_all_of_them_together_are_too_unlikely() -> None:
    # Real rock that may be mudstone, limestone or marl is called sandstone: that tells it to be less sure.
    of_set = crops(10, right=0.0, other=REFERENCE.label[MUD_OR_LIME])
    drawn = crops(10, right=0.8)
    alone, both = (fit_calibration(Sure(), drawn, real, REFERENCE, PLAIN).temperature for real in ([], of_set))
    assert both > alone


def test_rock_of_unknown_kind_is_no_test_of_how_often_a_kind_is_right() -> None:
    rock = crops(10, right=0.0, other=REFERENCE.label[ROCK])
    drawn = crops(10, right=0.8)
    alone, both = (fit_calibration(Sure(), drawn, real, REFERENCE, PLAIN) for real in ([], rock))
    assert both.temperature == pytest.approx(alone.temperature, rel=0.1)
    assert both.calibration.ece == pytest.approx(alone.calibration.ece, abs=0.05)


def test_a_model_that_calls_nothing_rock_is_not_calibrated_and_says_so() -> None:
    unlabelled = [Drawn(crop.pixels, np.full((64, 64), UNLABELLED, np.uint8)) for crop in crops(2, right=1)]
    for network, drawn in ((Sure(said=0), crops(2, right=1)), (Sure(), unlabelled)):
        fit = fit_calibration(network, drawn, [], REFERENCE, PLAIN)
        assert (fit.temperature, fit.calibration.method, fit.calibration.ece) == (1.0, "none", None)


def test_pictures_with_little_that_is_sure_are_told_where_they_are_mostly_wrong() -> None:
    # Ten pictures; picture i has i tenths of sure pixels, all right; of the unsure ones a quarter is right.
    logits, labels, pictures = [], [], []
    for picture in range(10):
        for pixel in range(40):
            sure = pixel < 4 * picture
            row = np.zeros(len(REFERENCE.classes), np.float32)
            row[SANDSTONE] = 9 if sure else 1
            logits.append(row)
            labels.append(SANDSTONE if sure or pixel % 4 == 0 else LIMESTONE)
            pictures.append(picture)
    pixels = Pixels(np.array(logits), np.array(labels, np.uint8), np.array(pictures), 10)
    allowed = REFERENCE.allowed()
    # Right: 0.25 + 0.075 i of picture i; the mean up to picture 8 is 0.55, up to 9 it is 0.59 - below 0.6, capped.
    assert low_confidence(pixels, 1.0, 0.9, allowed) == 0.5
    all_right = Pixels(pixels.logits, np.full(400, SANDSTONE, np.uint8), pixels.picture, 10)
    assert low_confidence(all_right, 1.0, 0.9, allowed) == 0.0
