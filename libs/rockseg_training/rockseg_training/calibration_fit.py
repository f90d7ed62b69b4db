"""The temperature, and from where on the model is sure, from drawn and from real pictures alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rockseg_core.domain.manifest import Calibration, Normalisation
from rockseg_core.domain.warnings import LOW_CONFIDENCE
from rockseg_model.manifest_rules import CONFIDENT
from rockseg_training.calibrate import (
    SAMPLE,
    TEMPERATURES,
    WANTED_ACCURACY,
    calibration_error,
    confidence,
    confident_threshold,
)
from rockseg_training.evaluate import logits_of
from rockseg_training.labels import UNLABELLED, LabelSpace
from rockseg_training.synthetic.crop import Drawn

METHOD: Final = "temperature scaling"
# A picture with so little that is sure that, of all those with as little, less than this share of the rock is right.
POOR_ACCURACY: Final = 0.6
MOST_LOW: Final = 0.5  # a picture half of which is sure is none of these


@dataclass(frozen=True)
class Pixels:
    """Of those called rock in `pictures` pictures: logits (n, C), labels (n,), and the number of their picture (n,)."""

    logits: NDArray[np.float32]
    labels: NDArray[np.uint8]
    picture: NDArray[np.int64]
    pictures: int

    def where(self, chosen: NDArray[np.bool_]) -> "Pixels":
        return Pixels(self.logits[chosen], self.labels[chosen], self.picture[chosen], self.pictures)


@dataclass(frozen=True)
class CalibrationFit:
    """`thresholds` are `confident` and `low_confidence`; `sources` say where they come from."""

    temperature: float
    calibration: Calibration
    thresholds: dict[str, float]
    sources: dict[str, str]


def fit_calibration(
    network: nn.Module,
    drawn: Iterable[Drawn],
    real: Iterable[Drawn],
    space: LabelSpace,
    normalisation: Normalisation,
    *,
    drawn_are: str = "drawn crops",
    real_are: str = "pieces of real photos",
) -> CalibrationFit:
    """Half of the pictures fit, the other half say how far off it still is; real ones weigh as much as drawn ones.

    A label that leaves several classes open tells the temperature how likely all of them together ought to be; how
    often the model is right, and how far off, is judged by the pixels whose class is known. `drawn_are` and `real_are`
    say what the pictures are, for the report.
    """
    allowed = space.allowed()
    sampled = [sample(network, pictures, normalisation) for pictures in (drawn, real)]
    kinds = [pixels for pixels in sampled if len(pixels.labels)]
    if not kinds:  # it calls nothing rock
        nothing = Calibration("none", "the model calls nothing rock")
        return CalibrationFit(1.0, nothing, {CONFIDENT: 0.95}, {CONFIDENT: "chosen, not fitted"})
    fitted = [pixels.where(pixels.picture % 2 == 0) for pixels in kinds]
    checked = [pixels.where(pixels.picture % 2 == 1) for pixels in kinds]
    temperature = _temperature(fitted, allowed)
    sure, right = _judged(fitted, temperature, allowed)
    confident = confident_threshold(sure, right)
    said, was = _judged(checked, temperature, allowed)
    number = " and ".join(
        f"{pixels.pictures} {what}"
        for pixels, what in zip(sampled, (drawn_are, real_are), strict=True)
        if pixels.pictures
    )
    calibration = Calibration(METHOD, number, round(calibration_error(said, was), 4) if len(said) else None)
    low = low_confidence(kinds[0], temperature, confident, allowed)
    return CalibrationFit(
        temperature,
        calibration,
        {CONFIDENT: confident, LOW_CONFIDENCE: low},
        {
            CONFIDENT: f"{WANTED_ACCURACY:.0%} of the pixels called rock that are surer are right; half of {number}",
            LOW_CONFIDENCE: f"of pictures with a smaller share of sure rock, less than {POOR_ACCURACY:.0%} of the rock "
            f"is right; {number}",
        },
    )


def sample(network: nn.Module, pictures: Iterable[Drawn], normalisation: Normalisation) -> Pixels:
    """At most SAMPLE pixels of each that have a label and that the network calls rock."""
    logits, labels, numbers = [np.empty((0, 0), np.float32)], [np.empty(0, np.uint8)], [np.empty(0, np.int64)]
    count = 0
    for number, picture in enumerate(pictures):
        count += 1
        answer = logits_of(network, picture.pixels, normalisation)
        there = np.flatnonzero((answer.argmax(0) > 0) & (picture.mask != UNLABELLED))
        chosen = np.random.default_rng(number).permutation(there)[:SAMPLE]
        logits.append(answer.reshape(len(answer), -1)[:, chosen].T)
        labels.append(picture.mask.ravel()[chosen])
        numbers.append(np.full(len(chosen), number))
    return Pixels(np.concatenate(logits[1:] or logits), np.concatenate(labels), np.concatenate(numbers), count)


def low_confidence(pixels: Pixels, temperature: float, confident: float, allowed: NDArray[np.bool_]) -> float:
    """The largest share of sure rock below which pictures are, together, right on less than POOR_ACCURACY of it."""
    sure, right = _judged([pixels], temperature, allowed)
    pictures = [pixels.picture == number for number in np.unique(pixels.picture)]
    shares = np.array([(sure[there] >= confident).mean() for there in pictures])
    accuracies = np.array([right[there].mean() for there in pictures])
    order = np.argsort(shares)
    poor = np.cumsum(accuracies[order]) / np.arange(1, len(order) + 1) < POOR_ACCURACY
    if not poor.any():
        return 0.0
    return round(float(min(MOST_LOW, shares[order][np.flatnonzero(poor)[-1]])), 2)


def _temperature(kinds: Sequence[Pixels], allowed: NDArray[np.bool_]) -> float:
    """The least mean of −log Σ p over the classes allowed (Guo et al. 2017; for sets as the training's loss)."""
    costs = [sum(_cost(pixels, float(t), allowed) for pixels in kinds) for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(costs))]), 3)


def _cost(pixels: Pixels, temperature: float, allowed: NDArray[np.bool_]) -> float:
    if not len(pixels.labels):
        return 0.0
    logs = torch.log_softmax(torch.from_numpy(pixels.logits) / temperature, 1)
    barred = torch.from_numpy(~allowed[pixels.labels])
    return float(-torch.logsumexp(logs.masked_fill(barred, -torch.inf), 1).mean())


def _judged(
    kinds: Sequence[Pixels], temperature: float, allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How sure, and whether right, of the pixels whose class is known: a set is no test of a class's probability."""
    known = [pixels.where(allowed[pixels.labels].sum(axis=1) == 1) for pixels in kinds]
    logits, labels = (np.concatenate(parts) for parts in zip(*((p.logits, p.labels) for p in known), strict=True))
    return confidence(logits, temperature), allowed[labels, logits.argmax(1)]
