"""Training on a site's photos: new classes, early stopping, and weights that the seed alone decides."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from site_photos import core_mask, write_site
from torch import nn

from rockseg_core.domain.errors import SettingsError
from rockseg_model.network import KIND_HEADS
from rockseg_training.album import Album, balanced
from rockseg_training.batches import Batch, Drawer, Recipe
from rockseg_training.growth import HEAD, HEADS, grown
from rockseg_training.labels import ROCK, space_of
from rockseg_training.reference import REFERENCE
from rockseg_training.site_data import SiteData, read_site
from rockseg_training.train import Length, Lines, train
from rockseg_training.trainer import Progress, Trainer


class Tiny(nn.Module):
    """Enough of a network for the loop: an encoder, a decoder, a dropout."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(3, 6, 3, padding=1)
        self.head = nn.Sequential(nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.2), nn.Conv2d(6, classes, 1))

    def forward(self, tile: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.head(self.encoder(tile))
        return answer


SPACE = space_of(REFERENCE.classes[:4])


def trainer(seed: int = 1, run: str = "") -> Trainer:
    torch.manual_seed(seed)
    return Trainer(Tiny(len(SPACE.classes)), SPACE, seed=seed, run=run)


def batches(first: int = 0) -> Iterator[Batch]:
    for number in itertools.count(first):
        rng = np.random.default_rng(number)
        labels = rng.integers(0, 4, (2, 32, 32), np.uint8)
        yield Batch((labels[..., None] * 60 + rng.integers(0, 40, (2, 32, 32, 3))).astype(np.uint8), labels)


def weights(trained: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trained.best.items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def run(folder: Path, length: Length, score: Callable[[nn.Module], float] | None = None, seed: int = 1) -> Trainer:
    training = trainer(seed)
    training.resume(folder)
    train(training, batches(training.progress.step), folder, length, Lines(lambda _: None), score=score)
    return training


def test_the_same_seed_and_threads_give_the_same_weights(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a", Length(steps=12)), run(tmp_path / "b", Length(steps=12))
    assert same(weights(one), weights(other))
    assert not same(weights(one), weights(run(tmp_path / "c", Length(steps=12), seed=2)))


def test_it_stops_early_and_keeps_the_best_weights(tmp_path: Path) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    scores = iter([0.1, 0.3, 0.5, 0.4, 0.5, 0.2, 0.9, 0.9])

    def score(network: nn.Module) -> float:
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return next(scores)

    trained = run(tmp_path, Length(steps=100, check_every=2, patience=3), score)
    assert trained.progress.stopped
    assert trained.progress.step == 10
    assert trained.progress.best == (4, 0.5)
    assert same(weights(trained), seen[2])
    again = run(tmp_path, Length(steps=100, check_every=2, patience=3), score)
    assert again.progress.step == 10
    assert same(weights(again), seen[2])


def test_what_gets_better_is_trained_to_the_end(tmp_path: Path) -> None:
    scores = itertools.count(1)
    trained = run(tmp_path, Length(steps=9, check_every=2, patience=2), lambda _: next(scores) / 10)
    assert not trained.progress.stopped
    assert [step for step, _ in trained.progress.scores] == [0, 2, 4, 6, 8, 9]
    assert trained.progress.best[0] == 9


def test_a_look_changes_nothing_of_the_training(tmp_path: Path) -> None:
    looked = run(tmp_path / "a", Length(steps=8, check_every=1, patience=99), lambda _: 0.5)
    assert same(looked.mean, run(tmp_path / "b", Length(steps=8)).mean)


def test_broken_off_after_any_step_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    def score(network: nn.Module) -> float:
        return float(sum(value.detach().abs().sum() for value in network.parameters()))

    whole = run(tmp_path / "whole", Length(steps=9, check_every=3), score)
    for end in range(1, 9):
        broken = trainer()
        few = itertools.islice(batches(), end)
        with pytest.raises(StopIteration):
            train(
                broken, few, tmp_path / str(end), Length(steps=9, check_every=3), Lines(lambda _: None), score=score,
                save_every_seconds=-1,
            )  # fmt: skip
        resumed = run(tmp_path / str(end), Length(steps=9, check_every=3), score)
        assert resumed.progress.scores == whole.progress.scores
        assert same(weights(resumed), weights(whole))


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    trainer(run="these photos").save(tmp_path)
    with pytest.raises(SettingsError, match="of another run"):
        trainer(run="other photos").resume(tmp_path)


def test_a_broken_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(SettingsError, match="cannot be read"):
        trainer().resume(tmp_path)


def test_old_classes_keep_their_rows_and_new_ones_begin_as_rock(network: nn.Module) -> None:
    state = {name: value.clone() for name, value in network.state_dict().items()}
    stream = torch.Generator().manual_seed(2)
    state |= {name: torch.randn(value.shape, generator=stream) for name, value in state.items() if KIND_HEADS in name}
    network.load_state_dict(state)
    bigger = grown(state, 14, seed=1)
    new = bigger.state_dict()
    for name, value in state.items():
        assert torch.equal(new[name][:12] if name.startswith(HEADS) else new[name], value)
    assert {new[f"{head}.{part}"].shape[0] for head in HEADS for part in ("weight", "bias")} == {14}
    assert not torch.equal(new[f"{HEAD}.weight"][12], new[f"{HEAD}.weight"][13])
    tile = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        old, more = network.eval()(tile), bigger.eval()(tile)
    assert torch.allclose(old, more[:, :12], atol=1e-5)
    rocks, fresh = more[:, 1:12].mean(1), more[:, 12:]
    assert (fresh - rocks[:, None]).abs().max() < old.abs().max()
    assert all(value.requires_grad for value in bigger.parameters())
    assert same(new, grown(state, 14, seed=1).state_dict())
    with pytest.raises(ValueError, match="fewer"):
        grown(state, 11, seed=1)


@pytest.fixture
def site(tmp_path: Path) -> SiteData:
    names = {f"BH{hole}_1": core_mask(rocks=(1, 2, 2, 2, 2, 2, 2, 3)) for hole in range(3)}
    return read_site(write_site(tmp_path / "data", names), REFERENCE, frozenset(), lambda _: None)


def test_photos_and_drawn_cores_are_mixed_in_labels_of_the_new_space(site: SiteData) -> None:
    groups = balanced(site.training, site.counts)
    photos = Drawer(Recipe(1, site.space, site.training, groups, photo_share=1.0, crops=3))
    labels = np.concatenate([photos.draw(number).labels.ravel() for number in range(3)])
    assert set(np.unique(labels)) <= {0, *(site.space.label[n] for n in ("sandstone", "mudstone", "tuff")), 255}
    assert (labels == site.space.label["tuff"]).any()
    drawn = Drawer(Recipe(1, site.space, site.training, groups, photo_share=0.0, crops=3))
    assert not any((drawn.draw(number).labels == site.space.label["tuff"]).any() for number in range(3))


def test_a_rare_class_is_looked_up_as_often_as_a_common_one(site: SiteData) -> None:
    album = Album(site.training, balanced(site.training, site.counts))
    rng, found = np.random.default_rng(0), []
    for _ in range(300):
        photo, around = album.pick(rng)
        if around:
            found.append(int(photo.labels[around]))
    shares = np.bincount(found, minlength=13)[[site.space.label[name] for name in ("sandstone", "mudstone", "tuff")]]
    assert 110 < len(found) < 190
    assert shares.min() > 0.6 * shares.max()


def test_batches_do_not_depend_on_what_was_drawn_before(site: SiteData) -> None:
    recipe = Recipe(1, site.space, site.training, balanced(site.training, site.counts), photo_share=0.7, crops=2)
    one, other = Drawer(recipe), Drawer(dataclasses.replace(recipe))
    for number in (4, 2, 0):
        one.draw(number)
    assert np.array_equal(one.draw(3).pixels, other.draw(3).pixels)


def test_every_space_has_rock_of_unknown_kind() -> None:
    assert SPACE.sets[ROCK] == (1, 2, 3)
    assert Progress().best[0] == 0
