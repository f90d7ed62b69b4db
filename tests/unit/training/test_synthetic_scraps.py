"""What surrounds the core in real photos comes to lie around drawn cores, and never a piece of rock."""

import numpy as np
import pytest

from rockseg_training.batches import Drawer, Recipe
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.labels import Labels
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.box import draw_box
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.scene import Scene
from rockseg_training.synthetic.scraps import CORE_WIDTH_PX, cut_scraps, scrap_face
from rockseg_training.synthetic.stage import Stage

ROCK_TONE, REST_TONE = 30, 210


class _Magenta:
    """A photo of a core before a magenta wall."""

    name = "box"
    hole = "a"

    def labels(self) -> Labels:
        labels = np.zeros((300, 300), np.uint8)
        labels[:, 120:200] = 3
        return labels

    def read(self) -> Photo:
        return Photo(self.name, self.hole, np.full((300, 300, 3), (255, 0, 255), np.uint8), self.labels(), 80.0)


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
    assert max(max(scrap.shape[:2]) for scrap in scraps) > 400 - 180  # enlarged to CORE_WIDTH_PX


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


def test_drawn_boxes_hold_scraps_as_what_is_no_rock() -> None:
    magenta = np.full((120, 120, 3), (255, 0, 255), np.uint8)
    stage = Stage(Painter(), 80.0, 60.0, scraps=[magenta])
    seen = []
    for seed in range(60):
        scene = Scene(np.full((256, 256, 3), 128.0, np.float32), np.zeros((256, 256), np.uint8))
        draw_box(np.random.default_rng(seed), scene, stage)
        red, green, blue = scene.pixels.transpose(2, 0, 1)
        there = np.minimum(red, blue) > 3 * np.maximum(green, 1) + 30
        assert (scene.mask[there] > 0).mean() < 0.02 if there.any() else True  # but for a core's soft edge
        seen.append(there.mean() > 0.03)
    assert 0.2 < np.mean(seen) < 0.9


def test_of_the_photos_only_those_trained_on_give_scraps_to_what_is_drawn() -> None:
    shown = {}
    for scraps in (False, True):
        recipe = Recipe(3, REFERENCE, Dataset(REFERENCE, (_Magenta(),)), scraps=scraps)
        drawer = Drawer(recipe)
        pixels = np.concatenate([drawer.draw(number).pixels.reshape(-1, 3) for number in range(4)]).astype(int)
        shown[scraps] = (pixels[:, [0, 2]].min(1) > 3 * pixels[:, 1] + 30).mean()
    assert shown[True] > shown[False] + 0.01
