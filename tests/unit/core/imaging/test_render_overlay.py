import io
from collections.abc import Sequence

import numpy as np
import pytest
from photo_files import Array, scene
from PIL import Image

from rockseg_core.imaging.overlay import LegendEntry, render_overlay

CLASSES = [
    LegendEntry(0, "background", (0, 0, 0)),
    LegendEntry(1, "sandstone", (174, 199, 232)),
    LegendEntry(2, "siltstone", (255, 187, 120)),
    LegendEntry(3, "mudstone", (152, 223, 138)),
    LegendEntry(9, "conglomerate", (188, 189, 34)),
    LegendEntry(255, "the last", (1, 2, 253)),
]


def pixels_of(body: bytes) -> Array:
    image = Image.open(io.BytesIO(body))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image)


def by_the_formula(photo: Array, mask: Array, weight: float) -> Array:
    """Design §3, word for word: float64, rounded half to even, the photo untouched where the mask is background."""
    colour = np.zeros((256, 3))
    for entry in CLASSES:
        colour[entry.index] = entry.rgb
    blended = np.rint((1 - weight) * photo.astype(np.float64) + weight * colour[mask])
    return np.where((mask == 0)[..., None], photo, blended).astype(np.uint8)


def mask_of(shape: tuple[int, int], indices: Sequence[int] = (0, 1, 2, 3, 9, 255)) -> Array:
    return np.random.default_rng(2).choice(np.array(indices, np.uint8), shape)


@pytest.mark.parametrize("weight", [0.0, 1.0, 0.5, 0.333, 0.001, 0.999, 1 / 3])
@pytest.mark.parametrize("shape", [(1, 1), (37, 53), (700, 300), (3, 200_000), (200_000, 3)])
def test_the_photo_is_blended_to_the_byte(weight: float, shape: tuple[int, int]) -> None:
    photo, mask = scene(*shape), mask_of(shape)
    assert np.array_equal(
        pixels_of(render_overlay(photo, mask, CLASSES, weight, legend=False)), by_the_formula(photo, mask, weight)
    )


def test_every_value_of_a_photo_and_every_class_is_blended_to_the_byte() -> None:
    photo = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 5, 3))
    mask = np.tile(np.array([1, 2, 3, 9, 255], np.uint8), (256, 1))
    for weight in np.round(np.linspace(0, 1, 41), 3):
        overlay = pixels_of(render_overlay(photo, mask, CLASSES, weight, legend=False))
        assert np.array_equal(overlay, by_the_formula(photo, mask, weight))


def test_halves_are_rounded_to_even() -> None:
    photo = np.full((1, 2, 3), 100, np.uint8)
    classes = [LegendEntry(1, "one", (1, 3, 5)), LegendEntry(2, "two", (7, 9, 11))]
    overlay = pixels_of(render_overlay(photo, np.array([[1, 2]], np.uint8), classes, 0.5, legend=False))
    assert overlay.tolist() == [[[50, 52, 52], [54, 54, 56]]]


def test_the_legend_leaves_the_photos_part_as_it_is() -> None:
    photo, mask = scene(300, 200), mask_of((300, 200))
    overlay = pixels_of(render_overlay(photo, mask, CLASSES, 0.4, legend=True))
    assert overlay.shape[0] == 300
    assert overlay.shape[1] > 200
    assert np.array_equal(overlay[:, :200], by_the_formula(photo, mask, 0.4))


def test_slices_of_arrays_are_drawn_as_what_they_show() -> None:
    photo, mask = scene(100, 80), mask_of((100, 80))
    overlay = render_overlay(photo[::-2, 5:60], mask[::-2, 5:60], CLASSES, 0.5, legend=True)
    assert overlay == render_overlay(photo[::-2, 5:60].copy(), mask[::-2, 5:60].copy(), CLASSES, 0.5, legend=True)


def test_without_a_class_there_is_no_panel() -> None:
    photo = scene()
    overlay = pixels_of(render_overlay(photo, np.zeros((37, 53), np.uint8), CLASSES, 0.5, legend=True))
    assert np.array_equal(overlay, photo)


def test_neither_photo_nor_mask_is_changed() -> None:
    photo, mask = scene(), mask_of((37, 53))
    before = photo.copy(), mask.copy()
    render_overlay(photo, mask, CLASSES, 0.5, legend=True)
    assert np.array_equal(photo, before[0])
    assert np.array_equal(mask, before[1])


def test_a_mask_of_another_size_or_with_an_unknown_class_is_a_bug() -> None:
    photo = scene()
    with pytest.raises(ValueError, match="mask of"):
        render_overlay(photo, np.zeros((53, 37), np.uint8), CLASSES, 0.5, legend=True)
    with pytest.raises(ValueError, match="not among"):
        render_overlay(photo, np.full((37, 53), 4, np.uint8), CLASSES, 0.5, legend=True)


@pytest.mark.parametrize("weight", [float("nan"), -0.001, 1.001, float("inf")])
def test_a_weight_out_of_bounds_is_a_bug(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        render_overlay(scene(), mask_of((37, 53)), CLASSES, weight, legend=False)
