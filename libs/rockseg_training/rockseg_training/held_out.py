"""Pieces of the photos held out, at the network's scale: what early stopping and calibration look at."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from rockseg_core.domain.manifest import Normalisation
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.evaluate import Tally, at_scale, logits_of
from rockseg_training.labels import UNLABELLED, LabelSpace
from rockseg_training.synthetic.crop import Drawn

MOST_PIECES: Final = 48  # of 0.26 megapixels and less: a look takes seconds, not minutes
SIDE_PX: Final = 512


def pieces_of(dataset: Dataset) -> list[Drawn]:
    """At most MOST_PIECES pieces with labels, from all photos alike; the same for the same dataset."""
    each = max(1, -(-MOST_PIECES // max(1, len(dataset.entries))))
    pieces = [piece for photo in dataset.photos() for piece in _pieces(photo, each)]
    order = np.random.default_rng(0).permutation(len(pieces))[:MOST_PIECES]
    return [pieces[at] for at in order]


def _pieces(photo: Photo, most: int) -> list[Drawn]:
    pixels = at_scale(photo)
    size = pixels.shape[1], pixels.shape[0]
    labels = np.asarray(cv2.resize(photo.labels, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    rows, columns = (np.array_split(np.arange(side), -(-side // SIDE_PX)) for side in labels.shape)
    pieces = [
        Drawn(np.ascontiguousarray(pixels[there]), np.ascontiguousarray(labels[there]))
        for row in rows
        for column in columns
        if (labels[there := np.s_[row[0] : row[-1] + 1, column[0] : column[-1] + 1]] != UNLABELLED).any()
    ]
    return [pieces[at] for at in np.random.default_rng(1).permutation(len(pieces))[:most]]


def score(network: nn.Module, pieces: Sequence[Drawn], space: LabelSpace, normalisation: Normalisation) -> float:
    """Mean IoU of the classes that the labels name, background among them; of rock and background if no kind is."""
    tally = Tally(space)
    for piece in pieces:
        tally.add(logits_of(network, piece.pixels, normalisation).argmax(0), piece.mask)
    return mean_iou(tally)


def mean_iou(tally: Tally) -> float:
    there = tally.confusion.sum(1) > 0
    if there[1:].any():
        shares: NDArray[np.float64] = tally.class_iou()[there]
        return float(shares.mean())
    return float(np.nanmean(tally.rock_iou()))
