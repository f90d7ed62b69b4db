"""One temperature for all logits, so that a probability means what it says; and from where on it is sure."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rockseg_core.domain.manifest import Normalisation
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.evaluate import logits_of
from rockseg_training.synthetic.crop import Drawn

SAMPLE: Final = 400  # pixels a crop: neighbours say the same
TEMPERATURES: Final = np.exp(np.linspace(np.log(0.5), np.log(4.0), 60))
WANTED_ACCURACY: Final = 0.9


def sample_pixels(
    network: nn.Module, crops: Iterable[Drawn], normalisation: Normalisation = NORMALISATION
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits (n, classes) and classes (n,) of pixels, chosen at random, that the network calls rock."""
    logits, labels = [], []
    for number, crop in enumerate(crops):
        answer = logits_of(network, crop.pixels, normalisation)
        there = np.flatnonzero((answer.argmax(0) > 0) & (crop.mask < len(answer)))
        chosen = np.random.default_rng(number).permutation(there)[:SAMPLE]
        logits.append(answer.reshape(len(answer), -1)[:, chosen].T)
        labels.append(crop.mask.ravel()[chosen])
    return np.concatenate(logits), np.concatenate(labels).astype(np.int64)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The divisor of the logits with the least negative log-likelihood (Guo et al. 2017, temperature scaling)."""
    scores, truth = torch.from_numpy(logits), torch.from_numpy(labels)
    costs = [float(nn.functional.cross_entropy(scores / float(t), truth)) for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(costs))]), 3)


def confidence(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """(n,): the probability of the likeliest class."""
    likeliest: NDArray[np.float32] = torch.softmax(torch.from_numpy(logits) / temperature, 1).amax(1).numpy()
    return likeliest


def confident_threshold(sure: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """The least confidence above which, taken together, WANTED_ACCURACY of the pixels are right; at most 0.95."""
    order = np.argsort(-sure)
    accuracy = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(accuracy >= WANTED_ACCURACY)
    return round(float(min(0.95, sure[order[enough[-1]]])), 2) if len(enough) else 0.95


def calibration_error(sure: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass."""
    parts = zip(
        np.array_split(sure[np.argsort(sure)], bins), np.array_split(right[np.argsort(sure)], bins), strict=True
    )
    return float(sum(len(said) * abs(said.mean() - was.mean()) for said, was in parts) / len(sure))
