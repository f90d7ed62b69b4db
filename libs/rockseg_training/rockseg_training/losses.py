"""Loss with partial labels: the network is free within what is known, and pays for leaving it."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from rockseg_training.labels import FIRST_SET, UNLABELLED

_IGNORED: Final = -100


def partial_cross_entropy(logits: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
    """Mean of −log Σ p over each pixel's allowed classes; 0 for a batch without labels.

    logits (N, C, h, w) float32; labels (N, h, w) int64; `allowed` (256, C) bool of `LabelSpace.allowed()`. With one
    class allowed it is plain cross-entropy; with all, nothing.
    """
    surprise = functional.log_softmax(logits, 1)
    exact = torch.where(labels < FIRST_SET, labels, _IGNORED)
    cost = functional.nll_loss(surprise, exact, ignore_index=_IGNORED, reduction="sum")
    pixels = surprise.permute(0, 2, 3, 1)
    # Sets in use are few: a penalty added to every logit instead takes five times as long.
    for label in range(FIRST_SET, UNLABELLED):
        there = labels == label
        if allowed[label].any() and there.any():
            cost = cost - torch.logsumexp(pixels[there][:, allowed[label]], 1).sum()
    return cost / (labels != UNLABELLED).sum().clamp(min=1)


def rock_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """1 − soft Dice of rock against background over what is labelled: whatever the rock's kind, its outline counts.

    logits (N, C, h, w) float32; labels (N, h, w) int64.
    """
    known = (labels != UNLABELLED).float()
    rock = 1 - torch.softmax(logits, 1)[:, 0]
    truth = (labels != 0).float()
    overlap = (rock * truth * known).sum()
    return 1 - (2 * overlap + 1.0) / (((rock + truth) * known).sum() + 1.0)
