"""Training goes on from a checkpoint as if it had never stopped, and learns."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rockseg_model.network import build_network
from rockseg_training.batches import Batch, Drawer
from rockseg_training.reference import REFERENCE
from rockseg_training.reference_recipe import reference_recipe
from rockseg_training.train import Length, Lines, train
from rockseg_training.trainer import CHECKPOINT, Trainer


def _trainer(norms_frozen_from: int | None = None) -> Trainer:
    torch.manual_seed(1)
    return Trainer(build_network(len(REFERENCE.classes)), norms_frozen_from=norms_frozen_from)


def _small(number: int) -> Batch:
    whole = Drawer(replace(reference_recipe(4, None), crops=2)).draw(number)
    return Batch(whole.pixels[:2, :64, :64], whole.labels[:2, :64, :64])


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("frozen_from", [None, 1, 2, 3])
def test_a_resumed_run_ends_where_an_unbroken_one_does(tmp_path: Path, frozen_from: int | None) -> None:
    batches = [_small(number) for number in range(4)]
    unbroken = _trainer(frozen_from)
    for batch in batches:
        unbroken.step(batch)

    first = _trainer(frozen_from)
    for batch in batches[:2]:
        first.step(batch)
    first.save(tmp_path)
    second = _trainer(frozen_from)
    assert second.resume(tmp_path)
    assert second.progress.step == 2
    for batch in batches[2:]:
        second.step(batch)

    assert _same(unbroken.network.state_dict(), second.network.state_dict())
    assert _same(unbroken.mean, second.mean)
    assert unbroken.progress.loss == second.progress.loss


def test_without_a_checkpoint_it_starts_afresh(tmp_path: Path) -> None:
    assert not _trainer().resume(tmp_path)


def test_a_checkpoint_half_written_leaves_the_old_one(tmp_path: Path) -> None:
    trainer = _trainer()
    trainer.step(_small(0))
    trainer.save(tmp_path)
    (tmp_path / f"{CHECKPOINT}.part").write_bytes(b"killed while writing")
    assert _trainer().resume(tmp_path)


def test_the_loss_falls_on_a_batch_seen_again_and_again() -> None:
    trainer = _trainer()
    batch = _small(1)
    losses = [trainer.step(batch) for _ in range(30)]
    assert losses[-1] < 0.8 * losses[0]


def test_norms_that_are_frozen_keep_the_mean_of_their_statistics_while_weights_learn() -> None:
    trainer = _trainer(norms_frozen_from=2)
    weights = {name for name, _ in trainer.network.named_parameters()}
    seen = []
    for number in range(4):
        trainer.step(_small(number))
        state = deepcopy(trainer.network.state_dict())
        seen.append(
            ({name: value for name, value in state.items() if name not in weights}, state, deepcopy(trainer.mean))
        )
    (first, *_), (second, _, mean), (third, was, _), (fourth, now, _) = seen
    assert not _same(first, second)
    assert not _same(second, third)
    assert _same(third, {name: mean[name] for name in third})
    assert _same(third, fourth)
    assert not _same(was, now)


def test_a_batch_is_fixed_by_seed_and_number() -> None:
    one, same, other = (Drawer(reference_recipe(4, None)).draw(number) for number in (0, 0, 3))
    assert np.array_equal(one.pixels, same.pixels)
    assert not np.array_equal(one.pixels, other.pixels)


def test_the_loop_says_how_far_it_is_stops_in_time_and_goes_on_when_given_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rockseg_training.train.WARM_UP_STEPS", 3)
    monkeypatch.setattr("rockseg_training.trainer.WARM_UP_STEPS", 3)
    monkeypatch.setattr("rockseg_training.train.PACE_FROM_STEP", 1)
    monkeypatch.setattr("rockseg_training.train.SAY_EVERY_STEPS", 1)

    def endless() -> Iterator[Batch]:
        batch = _small(0)
        while True:
            yield batch

    lines: list[str] = []
    trainer = _trainer()
    train(trainer, endless(), tmp_path, Length(0.02), Lines(lines.append))
    done = trainer.progress.step
    assert done == trainer.progress.total
    assert any("min left" in line for line in lines)
    again = _trainer()
    again.resume(tmp_path)
    train(again, endless(), tmp_path, Length(0.02 + again.progress.seconds / 60), Lines(lines.append))
    assert again.progress.step > done
