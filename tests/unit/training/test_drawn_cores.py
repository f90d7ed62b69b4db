"""The generator: fixed by its seed, exact in its masks, and able to draw every rock."""

import numpy as np
import pytest

from rockseg_training.classes import CLASSES, UNLABELLED
from rockseg_training.synthetic.column import draw_column
from rockseg_training.synthetic.crop import draw_crop
from rockseg_training.synthetic.demo_core import LEFT, RIGHT, draw_demo_core
from rockseg_training.synthetic.rocks import RECIPES, paint
from rockseg_training.synthetic.scene import Scene, draw_scene, lay_core

SHAPES = [(256, 256), (512, 256), (256, 512), (96, 160)]


@pytest.mark.parametrize("shape", SHAPES)
def test_one_seed_draws_one_crop(shape: tuple[int, int]) -> None:
    one, same, other = draw_crop((7, 1), *shape), draw_crop((7, 1), *shape), draw_crop((7, 2), *shape)
    assert np.array_equal(one.pixels, same.pixels)
    assert np.array_equal(one.mask, same.mask)
    assert not np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_and_mask_have_the_size_asked_for(shape: tuple[int, int]) -> None:
    for number in range(8):
        crop = draw_crop((11, number), *shape)
        assert crop.pixels.shape == (*shape, 3)
        assert crop.pixels.dtype == np.uint8
        assert crop.mask.shape == shape
        assert crop.mask.dtype == np.uint8


def test_masks_hold_classes_and_unlabelled_only_and_every_class_is_drawn() -> None:
    seen = np.zeros(256, np.int64)
    for number in range(160):
        seen += np.bincount(draw_crop((5, number), 192, 192).mask.ravel(), minlength=256)
    assert not seen[len(CLASSES) : UNLABELLED].any()
    assert (seen[: len(CLASSES)] > 0).all(), dict(enumerate(seen[: len(CLASSES)]))


@pytest.mark.parametrize("index", sorted(RECIPES))
def test_a_rock_is_painted_in_any_size_without_a_hole(index: int) -> None:
    rng = np.random.default_rng(index)
    for height, width in [(1, 24), (40, 8), (120, 160), (300, 60)]:
        face = paint(rng, index, height, width, core_width_px=width, core_mm=85.0)
        assert face.shape == (height, width, 3)
        assert np.isfinite(face).all()


def test_the_mask_lies_on_the_very_pixels_of_the_core() -> None:
    rng = np.random.default_rng(2)
    floor = np.full((200, 120, 3), 77.0, np.float32)
    scene = Scene(floor.copy(), np.zeros((200, 120), np.uint8))
    column = draw_column(rng, 150, 60, whole=True)
    column.pixels[:] = 200.0
    lay_core(rng, scene, column, 30, 20)
    inside = scene.mask[31:179, 21:79]
    assert (inside > 0).all()
    assert np.allclose(scene.pixels[31:179, 21:79], 200.0)
    assert (scene.mask > 0).sum() == 150 * 60
    outside = scene.mask == 0
    outside[29:181, 19:81] = False  # a pixel of soft edge
    assert (scene.pixels[outside] <= 77.0).all()  # floor, or floor in shadow


def test_beds_come_in_the_order_asked_for() -> None:
    column = draw_column(np.random.default_rng(4), 400, 80, whole=True, beds=[(1, 1.0), (6, 2.0), (3, 9.0)])
    middle = column.mask[:, 40]
    changes = [
        int(middle[0]),
        *(int(value) for value, before in zip(middle[1:], middle, strict=False) if value != before),
    ]
    assert changes == [1, 6, 3]


def test_interlayered_beds_are_one_class_and_alternate_at_least_three_times_in_a_core_width() -> None:
    for seed in range(6):
        face = paint(np.random.default_rng(seed), 7, 480, 160, core_width_px=160, core_mm=85.0)
        line = face[:, 70:90].mean((1, 2))
        sandy = line > (line.min() + line.max()) / 2
        assert np.count_nonzero(sandy[1:] != sandy[:-1]) >= 2 * 3 * 480 / 160 / 2


def test_a_tight_core_leaves_no_background() -> None:
    tight = 0
    for seed in range(120):
        mask = draw_scene(np.random.default_rng(seed), 128, 96, 160.0).mask
        tight += not (mask == 0).any()
    assert tight >= 120 * 0.25


def test_photos_without_rock_are_drawn_too() -> None:
    empty = sum(not draw_crop((3, number), 128, 128).mask.any() for number in range(150))
    assert empty >= 12


def test_colour_is_a_prior_and_not_a_law() -> None:
    def lightness(index: int) -> list[float]:
        rng = np.random.default_rng(index)
        return [float(paint(rng, index, 60, 60, core_width_px=60, core_mm=60).mean()) for _ in range(60)]

    mudstones, sandstones = lightness(3), lightness(1)
    assert np.mean(mudstones) < np.mean(sandstones)
    assert max(mudstones) > np.median(sandstones)


def test_the_demo_core_has_its_beds_and_is_the_file_that_comes_along() -> None:
    from importlib import resources

    import cv2

    pixels, mask = draw_demo_core()
    assert {index for index, _ in LEFT + RIGHT} <= set(np.unique(mask).tolist())
    body = (resources.files("rockseg_standalone") / "data" / "demo-core.jpg").read_bytes()
    assert len(body) <= 400_000
    shipped = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert shipped.shape == pixels.shape
    assert np.abs(shipped.astype(int) - pixels.astype(int)).mean() < 4  # JPEG's loss, not another core
