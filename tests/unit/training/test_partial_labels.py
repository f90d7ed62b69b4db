"""The loss of what is known in part: sets of classes, nothing at all, rock of any kind."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from rockseg_training.classes import CLASSES, INDEX, UNLABELLED
from rockseg_training.labels import ANY_ROCK, LIME_OR_MARL, MUD_OR_LIME, SETS, allowed_classes
from rockseg_training.losses import partial_cross_entropy, rock_dice


def _logits(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, len(CLASSES), 5, 7, generator=torch.Generator().manual_seed(seed)) * 3


def test_with_one_class_allowed_it_is_cross_entropy() -> None:
    labels = torch.arange(70).reshape(2, 5, 7) % len(CLASSES)
    ours = partial_cross_entropy(_logits(), labels, allowed_classes())
    assert torch.allclose(ours, cross_entropy(_logits(), labels), atol=1e-5)


@pytest.mark.parametrize("label", [ANY_ROCK, MUD_OR_LIME, LIME_OR_MARL])
def test_with_a_set_allowed_it_is_the_logarithm_of_the_set_s_probability(label: int) -> None:
    labels = torch.full((2, 5, 7), label)
    within = torch.softmax(_logits(), 1)[:, list(SETS[label])].sum(1)
    ours = partial_cross_entropy(_logits(), labels, allowed_classes())
    assert torch.allclose(ours, -within.log().mean(), atol=1e-5)


def test_among_allowed_classes_the_network_is_free() -> None:
    labels = torch.full((1, 1, 1), LIME_OR_MARL)
    for index in SETS[LIME_OR_MARL]:
        logits = torch.full((1, len(CLASSES), 1, 1), -20.0)
        logits[:, index] = 20.0
        assert partial_cross_entropy(logits, labels, allowed_classes()) < 1e-6


def test_unlabelled_pixels_cost_nothing_and_give_no_gradient() -> None:
    logits = _logits().requires_grad_()
    labels = torch.full((2, 5, 7), UNLABELLED)
    labels[0, 0, 0] = 1
    partial_cross_entropy(logits, labels, allowed_classes()).backward()
    assert logits.grad is not None
    assert logits.grad[0, :, 0, 0].abs().sum() > 0
    logits.grad[0, :, 0, 0] = 0
    assert logits.grad.abs().max() < 1e-6


def test_a_batch_without_labels_has_a_finite_loss_of_nothing() -> None:
    labels = torch.full((2, 5, 7), UNLABELLED)
    assert partial_cross_entropy(_logits(), labels, allowed_classes()) == 0


def test_dice_counts_rock_whatever_its_kind() -> None:
    labels = torch.zeros(1, 4, 4, dtype=torch.int64)
    labels[:, :2] = ANY_ROCK
    right = torch.full((1, len(CLASSES), 4, 4), -20.0)
    right[:, 0, 2:] = 20.0
    right[:, INDEX["crust"], :2] = 20.0
    assert rock_dice(right, labels) < 0.01
    assert rock_dice(right.flip(2), labels) > 0.8
