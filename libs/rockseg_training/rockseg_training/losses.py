"""Loss with partial labels: the network is free within what is known, and pays for leaving it."""

import torch
from torch import Tensor

from rockseg_training.classes import UNLABELLED


def partial_cross_entropy(logits: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
    """Mean of −log Σ p over each pixel's allowed classes; 0 for a batch without labels.

    logits (N, C, h, w) float32; labels (N, h, w) int64; allowed (256, C) bool. With one class allowed it is plain
    cross-entropy; with all, nothing.
    """
    forbidden = torch.zeros(allowed.shape).masked_fill(~allowed, -1e4)  # finite: −inf − −inf would be nan
    within = logits + forbidden[labels].permute(0, 3, 1, 2)
    cost = torch.logsumexp(logits, 1) - torch.logsumexp(within, 1)
    known = labels != UNLABELLED
    return (cost * known).sum() / known.sum().clamp(min=1)


def rock_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """1 − soft Dice of rock against background over what is labelled: whatever the rock's kind, its outline counts."""
    known = (labels != UNLABELLED).float()
    rock = 1 - torch.softmax(logits, 1)[:, 0]
    truth = (labels != 0).float()
    overlap = (rock * truth * known).sum()
    return 1 - (2 * overlap + 1.0) / (((rock + truth) * known).sum() + 1.0)
