"""Where a label leaves the kind of rock open, the kind stays what was taught before; elsewhere nothing is asked."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typing_extensions import override

from rockseg_model.network import build_network
from rockseg_training.batches import Batch
from rockseg_training.device import as_input
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.losses import forgetting
from rockseg_training.reference import REFERENCE
from rockseg_training.trainer import Trainer

MUD, LIME, SAND = (REFERENCE.label[name] for name in ("mudstone", "limestone", "sandstone"))
OPEN_KINDS = "mudstone, limestone or marl"
OPEN, ANY_ROCK = REFERENCE.label[OPEN_KINDS], REFERENCE.label[ROCK]
ALLOWED = torch.from_numpy(REFERENCE.allowed())


def _sure(label: int) -> Tensor:
    logits = torch.zeros(1, len(REFERENCE.classes), 2, 3)
    logits[:, label] = 12.0
    return logits


def _cost(said: int, taught: int, label: int) -> float:
    return float(forgetting(_sure(said), _sure(taught), torch.full((1, 2, 3), label), ALLOWED))


@pytest.mark.parametrize("label", [OPEN, ANY_ROCK])
def test_to_say_another_kind_than_was_taught_costs(label: int) -> None:
    assert _cost(MUD, MUD, label) < 0.01
    assert _cost(LIME, MUD, label) > 5
    assert _cost(MUD, LIME, label) > 5


@pytest.mark.parametrize("label", [MUD, 0, UNLABELLED])
def test_what_is_known_for_sure_or_not_at_all_costs_nothing(label: int) -> None:
    assert _cost(LIME, MUD, label) == 0


@pytest.mark.parametrize(("label", "barred"), [(OPEN, SAND), (ANY_ROCK, 0)])
def test_of_what_was_taught_only_the_kinds_allowed_count(label: int, barred: int) -> None:
    """The teacher calls it what the label bars: of the others it says all alike."""
    alike = np.log(int(ALLOWED[label].sum()))
    assert _cost(barred, barred, label) == pytest.approx(alike, abs=1e-3)
    assert _cost(MUD, barred, label) > 2 * alike


def test_gradients_are_finite_and_only_where_the_kind_is_open() -> None:
    logits = torch.randn(2, len(REFERENCE.classes), 4, 4).requires_grad_()
    labels = torch.full((2, 4, 4), MUD)
    labels[1, :2] = OPEN
    forgetting(logits, torch.randn_like(logits), labels, ALLOWED).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[1, :, :2].any()
    assert not logits.grad[0].any()
    assert not logits.grad[1, :, 2:].any()


class _Says(nn.Module):
    def __init__(self, kind: int) -> None:
        super().__init__()
        self._kind = kind

    @override
    def forward(self, given: Tensor) -> Tensor:
        logits = given.new_zeros(len(given), len(REFERENCE.classes), *given.shape[2:])
        logits[:, self._kind] = 12.0
        return logits


@pytest.mark.parametrize("kind", [MUD, LIME])
def test_a_network_comes_to_say_of_open_rock_what_its_teacher_says(kind: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (2, 32, 32, 3), dtype=np.uint8)
    batch = Batch(pixels, np.full((2, 32, 32), OPEN, np.uint8))
    torch.manual_seed(1)
    trainer = Trainer(build_network(len(REFERENCE.classes)), teacher=_Says(kind))
    for _ in range(40):
        trainer.step(batch)
    with torch.no_grad():
        logits = trainer.network(as_input(pixels, NORMALISATION, trainer.device))
    assert (logits.argmax(1) == kind).float().mean() > 0.55, "either kind, so no liking of its own"


def test_a_teacher_is_asked_of_crops_with_open_kinds_alone() -> None:
    asked = []

    class Counting(_Says):
        @override
        def forward(self, given: Tensor) -> Tensor:
            asked.append(len(given))
            return super().forward(given)

    labels = np.full((3, 32, 32), MUD, np.uint8)
    torch.manual_seed(1)
    trainer = Trainer(build_network(len(REFERENCE.classes)), teacher=Counting(LIME))
    pixels = np.random.default_rng(1).integers(0, 255, (3, 32, 32, 3), dtype=np.uint8)
    trainer.step(Batch(pixels, labels))
    assert asked == []
    labels[1, 4, 5] = ANY_ROCK
    trainer.step(Batch(pixels, labels))
    assert asked == [1]
