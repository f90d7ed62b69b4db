"""What surrounds the core in real photos comes to lie around drawn cores, and never a piece of rock."""

from dataclasses import dataclass

import numpy as np
import pytest
from typing_extensions import override

from rockseg_training.album import Group
from rockseg_training.batches import Drawer, Recipe, batches
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.labels import Labels
from rockseg_training.reference import LIME_OR_MARL, REFERENCE
from rockseg_training.synthetic.box import draw_box
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.scene import Scene
from rockseg_training.synthetic.scraps import CORE_WIDTH_PX, cut_scraps, scrap_face
from rockseg_training.synthetic.stage import Stage

ROCK_TONE, REST_TONE = 30, 210


@dataclass
class _Box:
    """A photo of a core, `rock` by its label, before a wall of one colour."""

    wall: tuple[int, int, int]
    rock: int = 3
    name: str = "box"
    hole: str = "a"

    def labels(self) -> Labels:
        labels = np.zeros((300, 300), np.uint8)
        labels[:, 120:200] = self.rock
        return labels

    def read(self) -> Photo:
        return Photo(self.name, self.hole, np.full((300, 300, 3), self.wall, np.uint8), self.labels(), 80.0)


class _Lost(_Box):
    @override
    def read(self) -> Photo:
        raise DatasetError("box: the photo is lost.")


GREY, MAGENTA = _Box((128, 128, 128)), _Box((255, 0, 255))


def _magenta(pixels: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    found: np.ndarray = np.minimum(red, blue) > 3 * np.maximum(green, 1) + 30
    return found


def _photo(core_width_px: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """A dark core between pale stripes of a pixel."""
    labels = np.zeros((400, 400), np.uint8)
    labels[:, 100 : 100 + core_width_px] = 3
    labels[200:210] = 255
    pixels = np.where(labels[..., None] == 0, np.uint8(REST_TONE), np.uint8(ROCK_TONE)).repeat(3, 2)
    pixels[::2] += np.where(labels[::2, :, None] == 0, np.uint8(20), np.uint8(0))
    return pixels, labels


def test_scraps_are_of_the_background_alone_and_at_one_scale() -> None:
    pixels, labels = _photo()
    scraps = cut_scraps(np.random.default_rng(1), pixels, labels, 80.0)
    assert len(scraps) >= 5
    assert min(int(scrap.min()) for scrap in scraps) > (ROCK_TONE + REST_TONE) / 2
    steps = np.mean([np.abs(np.diff(scrap[..., 0].astype(int), axis=0)).mean() for scrap in scraps])
    assert 3 < steps < 8, "of stripes of one pixel that lie 20 grey levels apart, enlarged twice"


@pytest.mark.parametrize("core_width_px", [170.0, 240.0, 480.0, 1000.0])
def test_no_thin_line_of_rock_colours_a_scrap_of_a_large_photo(core_width_px: float) -> None:
    labels = np.zeros((1600, 1600), np.uint8)
    labels[300::640] = 3
    pixels = np.where(labels[..., None] == 0, np.uint8(REST_TONE), np.uint8(ROCK_TONE)).repeat(3, 2)
    scraps = cut_scraps(np.random.default_rng(1), pixels, labels, core_width_px)
    assert scraps
    assert min(int(scrap.min()) for scrap in scraps) == REST_TONE


def test_a_photo_of_tiny_cores_has_no_scraps() -> None:
    pixels, labels = _photo(30)
    assert cut_scraps(np.random.default_rng(1), pixels, labels, 30.0) == []


@pytest.mark.parametrize("label", [3, 255])
def test_a_photo_without_background_has_no_scraps(label: int) -> None:
    labels = np.full((300, 300), label, np.uint8)
    assert cut_scraps(np.random.default_rng(1), np.zeros((300, 300, 3), np.uint8), labels, 100.0) == []


def test_a_face_of_a_scrap_has_the_size_asked_for_its_grain_and_other_tones() -> None:
    scrap = np.zeros((60, 90, 3), np.uint8)
    scrap[::6], scrap[1::6], scrap[2::6] = 200, 200, 200
    tones = []
    for seed in range(20):
        face = scrap_face(np.random.default_rng(seed), [scrap], 130, 70, CORE_WIDTH_PX)
        assert face.shape == (130, 70, 3)
        assert face.std() > 30
        tones.append(face.mean())
    assert np.std(tones) > 10


def test_a_scrap_is_as_large_as_the_cores_that_it_lies_among() -> None:
    scrap = np.zeros((160, 160, 3), np.uint8)
    scrap[np.add.outer(np.arange(160) // 20, np.arange(160) // 20) % 2 == 1] = 200
    edges = {}
    for width in (CORE_WIDTH_PX / 2, CORE_WIDTH_PX):
        faces = [scrap_face(np.random.default_rng(seed), [scrap], 120, 120, width).mean(2) for seed in range(12)]
        edges[width] = np.mean([(np.abs(np.diff(face > face.mean(), axis=1))).mean() for face in faces])
    assert 1.6 < edges[CORE_WIDTH_PX / 2] / edges[CORE_WIDTH_PX] < 2.4


def test_drawn_boxes_hold_scraps_as_what_is_no_rock() -> None:
    magenta = np.full((120, 120, 3), (255, 0, 255), np.uint8)
    stage = Stage(Painter(), 80.0, 60.0, scraps=[magenta])
    seen = []
    for seed in range(60):
        scene = Scene(np.full((256, 256, 3), 128.0, np.float32), np.zeros((256, 256), np.uint8))
        draw_box(np.random.default_rng(seed), scene, stage)
        there = _magenta(scene.pixels)
        assert (scene.mask[there] > 0).mean() < 0.02 if there.any() else True  # but for a core's soft edge
        seen.append(there.mean() > 0.03)
    assert 0.2 < np.mean(seen) < 0.9


@pytest.mark.parametrize("scraps", [(), (MAGENTA,)])
def test_scraps_lie_about_in_what_is_drawn_and_where_real_core_is_lost(scraps: tuple[_Box, ...]) -> None:
    dataset, groups = Dataset(REFERENCE, (GREY,)), (Group(1.0, (0,)),)
    for photo_share in (0.0, 1.0):
        recipe = Recipe(3, REFERENCE, dataset, groups, photo_share, redress_share=1.0, scraps=scraps)
        batches = [Drawer(recipe).draw(number) for number in range(4)]
        there = np.concatenate([_magenta(batch.pixels)[batch.labels == 0] for batch in batches])
        assert (there.mean() > 0.01) == bool(scraps)


def test_a_crop_about_a_kind_keeps_all_of_it_in_other_surroundings() -> None:
    lime, set_ = REFERENCE.label["limestone"], REFERENCE.label[LIME_OR_MARL]
    kept = {}
    for about in (None, lime):
        box, groups = _Box((128, 128, 128), lime if about else set_), (Group(1.0, (0,), about),)
        recipe = Recipe(3, REFERENCE, Dataset(REFERENCE, (box,)), groups, 1.0, redress_share=1.0, scraps=(MAGENTA,))
        batches = [Drawer(recipe).draw(number) for number in range(4)]
        kept[about] = max(_magenta(batch.pixels).mean() for batch in batches)
    assert kept[lime] < 0.003, "but for a patch of a colour chart"
    assert kept[None] > 0.01


def test_a_photo_that_cannot_be_read_is_said_as_such() -> None:
    drawn = batches(Recipe(3, REFERENCE, Dataset(REFERENCE, ()), scraps=(_Lost((0, 0, 0)),)), 0)
    with pytest.raises(DatasetError, match="the photo is lost"):
        next(drawn)
    drawn.close()
