"""What is known of a pixel: its class, a set of classes that it may be, or nothing.

A label is a uint8: below 200 the index of a class, 240 and up one of the sets here, 255 nothing known.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rockseg_training.classes import CLASSES, INDEX, UNLABELLED

ANY_ROCK: Final = 240  # rock of unknown kind
MUD_OR_LIME: Final = 241  # mudstone, limestone or marl
LIME_OR_MARL: Final = 242

SETS: Final = {
    ANY_ROCK: tuple(range(1, len(CLASSES))),
    MUD_OR_LIME: (INDEX["mudstone"], INDEX["limestone"], INDEX["marl rock"]),
    LIME_OR_MARL: (INDEX["limestone"], INDEX["marl rock"]),
}


def allowed_classes() -> Tensor:
    """(256, classes) bool: row = label, True where a pixel so labelled may be of the class."""
    table = torch.zeros(256, len(CLASSES), dtype=torch.bool)
    for index in range(len(CLASSES)):
        table[index, index] = True
    for label, classes in SETS.items():
        table[label, list(classes)] = True
    table[UNLABELLED] = True
    return table


def any_rock(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The labels with every set of kinds widened to all rocks."""
    return np.where(np.isin(labels, list(SETS)), ANY_ROCK, labels).astype(np.uint8)
