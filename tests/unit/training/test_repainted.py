"""Drawn rocks in a photo's cores: the outlines, the background and what is unsure stay the photo's."""

import numpy as np
import pytest

from rockseg_training.datasets.photo import Photo
from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.photo_crop import Changes, crop_photo
from rockseg_training.reference import MUD_OR_LIME, REFERENCE
from rockseg_training.repainted import Repainter
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.rock import Face

SET = REFERENCE.label[MUD_OR_LIME]
CORE = 60.0


def _box(*, turned: bool = False) -> tuple[Face, np.ndarray]:
    """Two grey cores on white card, with an unsure rim of 4 px between."""
    labels = np.zeros((200, 180), np.uint8)
    for left in (20, 100):
        labels[10:190, left - 4 : left + 64] = UNLABELLED
        labels[14:186, left : left + 60] = SET
    pixels = np.where((labels != 0)[..., None], 90.0, 240.0).repeat(3, 2).astype(np.float32)
    return (pixels.swapaxes(0, 1), labels.T) if turned else (pixels, labels)


def _repaint(seed: int, pixels: Face, labels: np.ndarray) -> tuple[Face, np.ndarray, Painter]:
    painter = Painter("train")
    face, named = Repainter(painter, np.arange(256, dtype=np.uint8))(
        np.random.default_rng(seed), pixels.copy(), labels.copy(), CORE
    )
    return face, named, painter


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_every_core_gets_rocks_of_known_kind_and_nothing_else_a_new_label(seed: int, turned: bool) -> None:
    pixels, labels = _box(turned=turned)
    face, named, painter = _repaint(seed, pixels, labels)
    rock = labels == SET
    assert face.shape == pixels.shape
    assert set(np.unique(named[rock])) <= set(range(1, 12))
    assert (named[~rock] == labels[~rock]).all()
    assert painter.painted
    assert np.abs(face[rock] - pixels[rock]).mean() > 2


@pytest.mark.parametrize("turned", [False, True])
def test_background_keeps_its_pixels_and_the_rim_takes_the_nearer_ones(turned: bool) -> None:
    pixels, labels = _box(turned=turned)
    painted, _, _ = _repaint(1, pixels, labels)
    face, labels = (painted.swapaxes(0, 1), labels.T) if turned else (painted, labels)
    assert (face[labels == 0] == 240.0).all()
    assert (face[20:180, 16] == 90.0).all()  # the rim's outer pixel: the photo's
    assert (face[20:180, 19] != 90.0).any()  # its inner pixel: the drawn rock's


def test_cores_side_by_side_get_rocks_of_their_own() -> None:
    pixels, labels = _box()
    differ = 0
    for seed in range(6):
        _, named, _ = _repaint(seed, pixels, labels)
        differ += (named[14:186, 20:80] != named[14:186, 100:160]).mean() > 0.1
    assert differ >= 4


def test_light_and_shadow_of_the_photo_stay_on_the_drawn_rock() -> None:
    pixels, labels = _box()
    shaded = pixels * np.linspace(1.5, 0.5, 200, dtype=np.float32)[:, None, None]
    falls = []
    for seed in range(12):
        flat, lit = (_repaint(seed, image, labels)[0] for image in (pixels, shaded))
        upper, lower = ((lit[rows, 25:75] / np.maximum(flat[rows, 25:75], 1)).mean() for rows in np.s_[20:60, 140:180])
        falls.append(upper / lower)
    assert np.mean(falls) > 1.2


def test_a_crop_without_background_or_with_hardly_any_rock_stays_as_it_is() -> None:
    pixels, labels = _box()
    for kept in (np.full_like(labels, SET), np.where(np.arange(180) < 30, labels, 0).astype(np.uint8)):
        face, named, painter = _repaint(1, pixels, kept)
        assert (face == pixels).all()
        assert (named == kept).all()
        assert not painter.painted


def test_a_photo_s_crop_is_repainted_in_the_labels_of_its_space() -> None:
    pixels, labels = _box()
    photo = Photo("boxes/a", "a", pixels.astype(np.uint8), labels, CORE)
    all_rock = np.full(256, REFERENCE.label[ROCK], np.uint8)
    repainter = Repainter(Painter("train"), all_rock)
    crops = [crop_photo(np.random.default_rng(seed), photo, 256, 256, changes=Changes(repainter)) for seed in range(6)]
    masks = [crop.mask for crop in crops]
    kinds = {int(label) for mask in masks for label in np.unique(mask)}
    assert kinds == {0, UNLABELLED, REFERENCE.label[ROCK]}
