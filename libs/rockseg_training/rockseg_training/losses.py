"""Loss with partial labels: the network is free within what is known, and pays for leaving it."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rockseg_training.labels import UNLABELLED

FORBIDDEN: Final = -1e4  # finite: −inf − −inf would be nan


def penalties(allowed: NDArray[np.bool_]) -> Tensor:
    """(256, C) float32 of `LabelSpace.allowed()`: 0 where a class is allowed, a large negative number elsewhere."""
    return torch.zeros(allowed.shape).masked_fill(~torch.from_numpy(allowed), FORBIDDEN)


def partial_cross_entropy(logits: Tensor, labels: Tensor, forbidden: Tensor) -> Tensor:
    """Mean of −log Σ p over each pixel's allowed classes; 0 for a batch without labels.

    logits (N, C, h, w) float32; labels (N, h, w) int64; `forbidden` (256, C) of `penalties`. With one class allowed it
    is plain cross-entropy; with all, nothing.
    """
    within = logits + forbidden[labels].permute(0, 3, 1, 2)
    cost = torch.logsumexp(logits, 1) - torch.logsumexp(within, 1)
    known = labels != UNLABELLED
    return (cost * known).sum() / known.sum().clamp(min=1)


def rock_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """1 − soft Dice of rock against background over what is labelled: whatever the rock's kind, its outline counts.

    logits (N, C, h, w) float32; labels (N, h, w) int64.
    """
    known = (labels != UNLABELLED).float()
    rock = 1 - torch.softmax(logits, 1)[:, 0]
    truth = (labels != 0).float()
    overlap = (rock * truth * known).sum()
    return 1 - (2 * overlap + 1.0) / (((rock + truth) * known).sum() + 1.0)
