"""Loss with partial labels: the network is free within what is known, and pays for leaving it."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from rockseg_training.labels import FIRST_SET, UNLABELLED

_IGNORED: Final = -100
_NEVER: Final = -1e4  # a logit so low that its probability is 0 in float32, and so high that no difference is NaN


def partial_cross_entropy(logits: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
    """Mean of −log Σ p over each pixel's allowed classes; 0 for a batch without labels.

    logits (N, C, h, w) float32; labels (N, h, w) int64; `allowed` (256, C) bool of `LabelSpace.allowed()`. With one
    class allowed it is plain cross-entropy; with all, nothing.

    Its gradient is that of the formula but for one thing: classes allowed rise alike, not each by its share of the
    probability, by which a label that does not tell two kinds apart would make the likelier likelier still.
    """
    surprise = functional.log_softmax(logits, 1)
    exact = torch.where(labels < FIRST_SET, labels, _IGNORED)
    cost = functional.nll_loss(surprise, exact, ignore_index=_IGNORED, reduction="sum")
    pixels = logits.permute(0, 2, 3, 1)
    # Sets in use are few: a penalty added to every logit instead takes five times as long.
    for label in range(FIRST_SET, UNLABELLED):
        inside, there = allowed[label], labels == label
        if inside.any() and there.any():
            cost = cost + _outside(pixels[there], inside).sum()
    return cost / (labels != UNLABELLED).sum().clamp(min=1)


def _outside(logits: Tensor, inside: Tensor) -> Tensor:
    """−log of the probability of the classes `inside` (C,), (n,) of logits (n, C).

    Its gradient is alike for them, and lifts their sum over the others as fast as the formula's own would.
    """
    within = logits[:, inside]
    share = torch.softmax(within.detach(), 1)
    alike = within.sum(1) * share.square().sum(1)
    risen = torch.logsumexp(within.detach(), 1) + alike - alike.detach()
    return functional.softplus(torch.logsumexp(logits[:, ~inside], 1) - risen)


def rock_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """1 − soft Dice of rock against background over what is labelled: whatever the rock's kind, its outline counts.

    logits (N, C, h, w) float32; labels (N, h, w) int64.
    """
    known = (labels != UNLABELLED).float()
    rock = 1 - torch.softmax(logits, 1)[:, 0]
    truth = (labels != 0).float()
    overlap = (rock * truth * known).sum()
    return 1 - (2 * overlap + 1.0) / (((rock + truth) * known).sum() + 1.0)


def disagreement(logits: Tensor, labels: Tensor, allowed: Tensor, twins: Sequence[int], shift: int) -> Tensor:
    """How far twins are from what both together say, where their rock is known as one of several kinds.

    Cross-entropy of each with the mean of the two over the kinds allowed, as it is: sharpened (MixMatch) it would
    favour the likelier kind, of which nothing is known. Summed over both twins and divided as in
    `partial_cross_entropy`, so that a pixel weighs what a label does.

    logits (N, C, h, w) float32; labels (N, h, w) int64; `allowed` (256, C); `twins`, at least one, and `shift` (pixels)
    as in `crop_twins`.
    """
    number = torch.tensor(twins, device=logits.device)
    first = logits[number][:, :, shift:, shift:]
    second = logits[number + 1].flip(3)[:, :, :-shift, :-shift]
    known = labels[number][:, shift:, shift:]
    kinds = allowed[known].permute(0, 3, 1, 2)  # (twins, C, h, w)
    surprises = [functional.log_softmax(either.masked_fill(~kinds, _NEVER), 1) for either in (first, second)]
    with torch.no_grad():
        wanted = (surprises[0].exp() + surprises[1].exp()) / 2
    cost = -(wanted * (surprises[0] + surprises[1]).masked_fill(~kinds, 0.0)).sum(1)
    there = (known >= FIRST_SET) & (known < UNLABELLED)
    return (cost * there).sum() / (labels != UNLABELLED).sum().clamp(min=1)


def is_open(labels: Tensor, allowed: Tensor) -> Tensor:
    """(N, h, w) bool: the label leaves several kinds of rock open, all of them perhaps."""
    return (allowed.sum(1) > 1)[labels] & (labels != UNLABELLED)


def forgetting(logits: Tensor, taught: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
    """How far the kinds of rock are from those that `taught` says, wherever the label leaves several open.

    Cross-entropy of the two over the kinds allowed (Li, Hoiem 2016, "Learning without forgetting"), summed and divided
    as in `partial_cross_entropy`. Without it real rock of open kind comes to be called whatever kind other photos tell,
    most of all where a label says no more than rock.

    logits, taught (N, C, h, w) float32; labels (N, h, w) int64; `allowed` (256, C).
    """
    there = is_open(labels, allowed)
    barred = ~allowed[labels[there]]
    said, wanted = (either.permute(0, 2, 3, 1)[there].masked_fill(barred, _NEVER) for either in (logits, taught))
    cost = -(torch.softmax(wanted, 1) * functional.log_softmax(said, 1).masked_fill(barred, 0.0)).sum()
    return cost / (labels != UNLABELLED).sum().clamp(min=1)
