"""The loss of what is known in part: sets of classes, nothing at all, rock of any kind."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.losses import partial_cross_entropy, rock_dice
from rockseg_training.reference import REFERENCE

ALLOWED = torch.from_numpy(REFERENCE.allowed())
CLASSES = len(REFERENCE.classes)


def _logits(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, CLASSES, 5, 7, generator=torch.Generator().manual_seed(seed)) * 3


def test_with_one_class_allowed_it_is_cross_entropy() -> None:
    labels = torch.arange(70).reshape(2, 5, 7) % CLASSES
    ours = partial_cross_entropy(_logits(), labels, ALLOWED)
    assert torch.allclose(ours, cross_entropy(_logits(), labels), atol=1e-5)


@pytest.mark.parametrize("name", REFERENCE.sets)
def test_with_a_set_allowed_it_is_the_logarithm_of_the_set_s_probability(name: str) -> None:
    labels = torch.full((2, 5, 7), REFERENCE.label[name])
    within = torch.softmax(_logits(), 1)[:, list(REFERENCE.sets[name])].sum(1)
    ours = partial_cross_entropy(_logits(), labels, ALLOWED)
    assert torch.allclose(ours, -within.log().mean(), atol=1e-5)


def test_among_allowed_classes_the_network_is_free() -> None:
    labels = torch.full((1, 1, 1), REFERENCE.label["limestone or marl"])
    for index in REFERENCE.sets["limestone or marl"]:
        logits = torch.full((1, CLASSES, 1, 1), -20.0)
        logits[:, index] = 20.0
        assert partial_cross_entropy(logits, labels, ALLOWED) < 1e-6


@pytest.mark.parametrize("name", REFERENCE.sets)
def test_a_set_favours_none_of_its_classes(name: str) -> None:
    """Else the likelier of two that a label does not tell apart grows likelier, step by step."""
    logits = _logits().requires_grad_()
    partial_cross_entropy(logits, torch.full((2, 5, 7), REFERENCE.label[name]), ALLOWED).backward()
    assert logits.grad is not None
    inside = ALLOWED[REFERENCE.label[name]]
    rising = -logits.grad[:, inside] * 2 * 5 * 7
    missing = torch.softmax(logits.detach(), 1)[:, ~inside].sum(1)
    shares = torch.softmax(logits.detach()[:, inside], 1)
    # By the formula each rises by its share of what is missing, so their sum by that of the squares.
    lifted = (missing * shares.square().sum(1))[:, None]
    assert torch.allclose(rising, lifted.expand_as(rising), atol=1e-5)
    falling = logits.grad[:, ~inside] * 2 * 5 * 7
    assert torch.allclose(falling, torch.softmax(logits.detach(), 1)[:, ~inside], atol=1e-5)


def test_unlabelled_pixels_cost_nothing_and_give_no_gradient() -> None:
    logits = _logits().requires_grad_()
    labels = torch.full((2, 5, 7), UNLABELLED)
    labels[0, 0, 0] = 1
    partial_cross_entropy(logits, labels, ALLOWED).backward()
    assert logits.grad is not None
    assert logits.grad[0, :, 0, 0].abs().sum() > 0
    logits.grad[0, :, 0, 0] = 0
    assert logits.grad.abs().max() < 1e-6


def test_a_batch_without_labels_has_a_finite_loss_of_nothing() -> None:
    labels = torch.full((2, 5, 7), UNLABELLED)
    assert partial_cross_entropy(_logits(), labels, ALLOWED) == 0


def test_dice_counts_rock_whatever_its_kind() -> None:
    labels = torch.zeros(1, 4, 4, dtype=torch.int64)
    labels[:, :2] = REFERENCE.label[ROCK]
    right = torch.full((1, CLASSES, 4, 4), -20.0)
    right[:, 0, 2:] = 20.0
    right[:, REFERENCE.label["crust"], :2] = 20.0
    assert rock_dice(right, labels) < 0.01
    assert rock_dice(right.flip(2), labels) > 0.8


def test_a_batch_of_all_kinds_of_labels_costs_what_the_definition_says() -> None:
    """Pixel by pixel, in float64, from −log Σ p over the allowed set; and the Dice of rock from its own sums."""
    every = [*REFERENCE.label.values(), UNLABELLED]
    labels = torch.tensor([every[at * 5 % len(every)] for at in range(70)]).reshape(2, 5, 7)
    logits = _logits(4)
    chances = torch.softmax(logits.double(), 1)
    costs, overlap, rock_said, rock_there = [], 0.0, 0.0, 0.0
    for photo in range(2):
        for y in range(5):
            for x in range(7):
                label = int(labels[photo, y, x])
                if label == UNLABELLED:
                    continue
                allowed = next(
                    (REFERENCE.sets[name] for name in REFERENCE.sets if REFERENCE.label[name] == label), (label,)
                )
                costs.append(-math.log(sum(float(chances[photo, index, y, x]) for index in allowed)))
                rock = 1 - float(chances[photo, 0, y, x])
                rock_said += rock
                rock_there += label != 0
                overlap += rock * (label != 0)
    assert float(partial_cross_entropy(logits, labels, ALLOWED)) == pytest.approx(sum(costs) / len(costs), abs=1e-4)
    dice = 1 - (2 * overlap + 1) / (rock_said + rock_there + 1)
    assert float(rock_dice(logits, labels)) == pytest.approx(dice, abs=1e-4)
