"""Twins: one place of a photo in two lights, and the price of seeing two rocks there."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from rockseg_model.network import build_network
from rockseg_training.album import Group
from rockseg_training.batches import Batch, Drawer, Recipe
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.labels import ROCK, UNLABELLED, Labels
from rockseg_training.losses import disagreement
from rockseg_training.photo_crop import TWIN_SHIFT_PX, Changes, crop_photo, crop_twins
from rockseg_training.reference import MUD_OR_LIME, REFERENCE
from rockseg_training.trainer import Trainer

ALLOWED = torch.from_numpy(REFERENCE.allowed())
SET = REFERENCE.label[MUD_OR_LIME]
MUD, LIME, SAND = (REFERENCE.label[name] for name in ("mudstone", "limestone", "sandstone"))
SHIFT = 2


def _photo() -> Photo:
    """Steps of grey 40 px wide, told apart by their labels as well."""
    steps = np.add.outer(np.arange(600) // 40, np.arange(500) // 40) % 5
    pixels = np.repeat((40 + 35 * steps)[..., None], 3, 2).astype(np.uint8)
    return Photo("box", "a", pixels, steps.astype(np.uint8), 160.0)


@dataclass
class _Entry:
    label: int | None = None  # of all of it, in place of the steps
    odd: int | None = None  # of every other step, in place of `label`
    name: str = "box"
    hole: str = "a"

    def labels(self) -> Labels:
        return self.read().labels

    def read(self) -> Photo:
        photo = _photo()
        if self.label is None:
            return photo
        odd = self.label if self.odd is None else self.odd
        return replace(photo, labels=np.where(photo.labels % 2, odd, self.label).astype(np.uint8))


@pytest.mark.parametrize("seed", range(8))
def test_twins_show_one_place_in_two_lights(seed: int) -> None:
    first, second = crop_twins(np.random.default_rng(seed), _photo(), 192, 128)
    assert first.pixels.shape == second.pixels.shape == (192, 128, 3)
    here, there = first.mask[TWIN_SHIFT_PX:, TWIN_SHIFT_PX:], second.mask[:-TWIN_SHIFT_PX, ::-1][:, :-TWIN_SHIFT_PX]
    assert (here == there).all()
    one = first.pixels[TWIN_SHIFT_PX:, TWIN_SHIFT_PX:].mean(2)[here < UNLABELLED]
    other = second.pixels[:-TWIN_SHIFT_PX, ::-1][:, :-TWIN_SHIFT_PX].mean(2)[here < UNLABELLED]
    assert np.abs(one - other).mean() > 0.5
    assert np.corrcoef(one, other)[0, 1] > 0.7


def _said(first: int, second: int, sureness: float = 6.0) -> torch.Tensor:
    """Logits of two crops of 8 × 6 that are each of one class throughout."""
    logits = torch.zeros(2, len(REFERENCE.classes), 8, 6)
    logits[0, first] = logits[1, second] = sureness
    return logits


def _cost(logits: torch.Tensor, label: int = SET) -> float:
    labels = torch.full((2, 8, 6), label)
    return float(disagreement(logits, labels, ALLOWED, (0,), SHIFT))


@pytest.mark.parametrize("name", [MUD_OR_LIME, ROCK])
def test_twins_that_say_alike_are_made_no_surer(name: str) -> None:
    label = REFERENCE.label[name]
    logits = torch.zeros(2, len(REFERENCE.classes), 8, 6)
    logits[:, MUD] = 1.0
    logits.requires_grad_()
    labels = torch.full((2, 8, 6), label)
    cost = disagreement(logits, labels, ALLOWED, (0,), SHIFT)
    cost.backward()  # type: ignore[no-untyped-call]
    among = torch.softmax(logits.detach()[0, list(REFERENCE.sets[name]), 0, 0], 0)
    both, compared = -2 * float((among * among.log()).sum()), (8 - SHIFT) * (6 - SHIFT) / (2 * 8 * 6)
    assert cost.item() == pytest.approx(both * compared, abs=1e-4)
    assert logits.grad is not None
    assert float(logits.grad.abs().max()) < 1e-7


def test_twins_that_see_one_rock_pay_less_the_surer_they_are_and_two_rocks_cost_most() -> None:
    assert _cost(_said(MUD, MUD)) < 0.05 < _cost(_said(MUD, MUD, 1.0)) < _cost(_said(MUD, LIME))


def test_a_kind_that_the_label_rules_out_has_no_say() -> None:
    # What both call sandstone is judged by the kinds that it may be, which are alike here.
    assert _cost(_said(SAND, SAND)) == pytest.approx(2 * np.log(len(REFERENCE.sets[MUD_OR_LIME])) / 4, abs=1e-3)


@pytest.mark.parametrize("label", [MUD, 0, UNLABELLED])
def test_what_is_known_for_sure_or_not_at_all_costs_nothing(label: int) -> None:
    assert _cost(_said(MUD, LIME), label) == 0


def test_twins_are_compared_where_they_show_the_same_place() -> None:
    step = torch.zeros(8, 6, dtype=torch.long)
    step[:, 3:] = 1
    scene = torch.where(torch.nn.functional.pad(step, (0, SHIFT, 0, SHIFT), value=1) > 0, MUD, LIME)
    one_hot = torch.nn.functional.one_hot(scene, len(REFERENCE.classes)).permute(2, 0, 1).float() * 9
    first, second = one_hot[:, :8, :6], one_hot[:, SHIFT:, SHIFT:].flip(2)
    assert _cost(torch.stack([first, second])) < 0.01
    assert _cost(torch.stack([first, second.flip(2)])) > 0.1


def test_gradients_are_finite_and_only_of_twins() -> None:
    logits = torch.randn(4, len(REFERENCE.classes), 8, 6).requires_grad_()
    disagreement(logits, torch.full((4, 8, 6), SET), ALLOWED, (1,), SHIFT).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert [bool(crop.any()) for crop in logits.grad] == [False, True, True, False]


def test_a_batch_says_which_of_its_crops_are_twins() -> None:
    dataset = Dataset(REFERENCE, (_Entry(SET, REFERENCE.label[ROCK]),))
    recipe = Recipe(3, REFERENCE, dataset, (Group(1.0, (0,)),), photo_share=0.6, twins=True, crops=6)
    batches = [Drawer(recipe).draw(number) for number in range(6)]
    twins = [(batch, number) for batch in batches for number in batch.twins]
    assert twins
    for batch, number in twins:
        one, other = batch.labels[number], batch.labels[number + 1]
        here, there = one[TWIN_SHIFT_PX:, TWIN_SHIFT_PX:], other[:-TWIN_SHIFT_PX, ::-1][:, :-TWIN_SHIFT_PX]
        assert (here == there).all()
        assert len(np.unique(here)) > 1, "of one label all crops are alike"
    assert all(len(batch.pixels) == recipe.shape(number)[0] for number, batch in enumerate(batches))


@pytest.mark.parametrize("without", ["twins", "sets", "its own rock"])
def test_only_rock_of_a_few_kinds_that_is_left_as_it_is_has_twins(without: str) -> None:
    entry = _Entry(None if without == "sets" else SET)
    recipe = Recipe(
        3,
        REFERENCE,
        Dataset(REFERENCE, (entry,)),
        (Group(1.0, (0,)),),
        photo_share=1.0,
        repaint_share=float(without == "its own rock"),
        twins=without != "twins",
        crops=6,
    )
    assert Drawer(recipe).draw(0).twins == ()


def test_a_crop_about_a_label_keeps_its_rock_and_has_no_twin() -> None:
    steps = {0, 1, 2, 3, 4, UNLABELLED}
    for entry, about, own, repaint in (
        (_Entry(), 4, steps, 1.0),
        (_Entry(SET, LIME), LIME, {SET, LIME, UNLABELLED}, 0.0),
    ):
        dataset, groups = Dataset(REFERENCE, (entry,)), (Group(1.0, (0,), about),)
        recipe = Recipe(3, REFERENCE, dataset, groups, photo_share=1.0, repaint_share=repaint, twins=True)
        for number in range(3):
            batch = Drawer(recipe).draw(number)
            assert batch.twins == ()
            assert set(np.unique(batch.labels).tolist()) <= own


def test_the_network_learns_from_what_twins_disagree_on() -> None:
    """The same batch, called twins or not, gives other weights."""
    photo, rng = _Entry(SET).read(), np.random.default_rng(5)
    crops = crop_twins(rng, photo, 64, 64)
    batch = Batch(np.stack([crop.pixels for crop in crops]), np.stack([crop.mask for crop in crops]))
    losses, weights = [], []
    for twins in ((), (0,)):
        torch.manual_seed(1)
        trainer = Trainer(build_network(len(REFERENCE.classes)))
        losses.append(trainer.step(replace(batch, twins=twins)))
        weights.append(torch.cat([value.detach().ravel() for value in trainer.network.parameters()]))
    assert losses[1] > losses[0] + 0.05
    assert not torch.equal(*weights)


def test_a_crop_is_redressed_where_that_is_asked_for() -> None:
    labels = np.zeros((300, 300), np.uint8)
    labels[:, 100:200] = 3
    photo = Photo("box", "a", np.full((300, 300, 3), 200, np.uint8), labels, 100.0)
    floors: dict[bool, list[float]] = {False: [], True: []}
    for redress, found in floors.items():
        for seed in range(24):
            crop = crop_photo(np.random.default_rng(seed), photo, 128, 128, changes=Changes(redress=redress))
            if (crop.mask == 0).any():
                found.append(float(crop.pixels[crop.mask == 0].mean()))
    assert np.std(floors[True]) > 1.3 * np.std(floors[False])
