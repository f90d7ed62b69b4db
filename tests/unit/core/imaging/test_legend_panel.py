"""The legend's geometry, read off the pixels of an overlay (design §3)."""

import io
import math
from collections.abc import Sequence

import numpy as np
import pytest
from photo_files import Array
from PIL import Image, ImageFont

from rockseg_core.imaging.overlay import LegendEntry, render_overlay

PANEL = (30, 30, 30)
RED, GREEN, BLUE = (250, 10, 10), (10, 250, 10), (10, 10, 250)
FONT = ImageFont.load_default(size=16)


def panel_of(names: Sequence[str], *, height: int = 400, present: Sequence[int] | None = None) -> Array:
    """The panel of an overlay on a photo 20 px wide, with these class names, in red, green, blue."""
    classes = [
        LegendEntry(number, name, rgb)
        for number, (name, rgb) in enumerate(zip(names, (RED, GREEN, BLUE), strict=False), 1)
    ]
    mask = np.zeros((height, 20), np.uint8)
    for column, entry in enumerate(classes if present is None else present):
        mask[0, column] = entry if present is not None else entry.index
    photo = np.full((height, 20, 3), 128, np.uint8)
    body = render_overlay(photo, mask, list(reversed(classes)), 0.5, legend=True)
    return np.asarray(Image.open(io.BytesIO(body)))[:, 20:]


def swatch(panel: Array, rgb: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """left, top, width, height of the one rectangle in this colour."""
    rows, columns = np.nonzero((panel == rgb).all(axis=2))
    left, top = columns.min(), rows.min()
    width, height = columns.max() - left + 1, rows.max() - top + 1
    assert len(rows) == width * height
    return int(left), int(top), int(width), int(height)


def letters(panel: Array, top: int, bottom: int) -> tuple[int, int]:
    """First and last column (exclusive) with ink right of the swatches, within some rows."""
    inked = np.flatnonzero((panel[top:bottom, 40:] != PANEL).any(axis=(0, 2))) + 40
    return int(inked.min()), int(inked.max()) + 1


def test_swatches_stand_at_10_by_13_and_every_34_px_in_index_order() -> None:
    panel = panel_of(["sandstone", "siltstone", "mudstone"])
    assert swatch(panel, RED) == (10, 13, 26, 21)
    assert swatch(panel, GREEN) == (10, 47, 26, 21)
    assert swatch(panel, BLUE) == (10, 81, 26, 21)


def test_only_classes_with_a_pixel_have_a_row() -> None:
    panel = panel_of(["sandstone", "siltstone", "mudstone"], present=[3, 1])
    assert swatch(panel, RED) == (10, 13, 26, 21)
    assert swatch(panel, BLUE) == (10, 47, 26, 21)
    assert not (panel == GREEN).all(axis=2).any()


def test_the_panel_ends_12_px_after_the_widest_label() -> None:
    panel = panel_of(["crust", "conglomerate", "marl rock"])
    assert panel.shape[1] == 46 + math.ceil(FONT.getbbox("conglomerate")[2]) + 12
    assert letters(panel, 0, 400)[1] == panel.shape[1] - 12


def test_a_label_is_white_begins_at_46_and_is_centred_on_its_swatch() -> None:
    panel = panel_of(["HHHH"])
    ink = panel[:, 40:].max(axis=2) == 255
    assert (panel[:, 40:][ink] == 255).all()
    first, _ = letters(panel, 0, 400)
    assert 46 <= first <= 48
    rows = np.flatnonzero((panel[:, 40:] != PANEL).any(axis=(1, 2)))
    assert abs((rows.min() + rows.max()) / 2 - 23) <= 2


def test_a_label_wraps_at_240_px_and_its_row_grows_by_24_px_a_line() -> None:
    two, three = "interlayered sandstones and mudstones", "a long name " * 5 + "with nodules of anhydrite"
    panel = panel_of([two, three, "crust"])
    assert swatch(panel, RED) == (10, 13 + 12, 26, 21)
    assert swatch(panel, GREEN) == (10, 13 + 34 + 24 + 24, 26, 21)
    assert swatch(panel, BLUE) == (10, 13 + (34 + 24) + (34 + 48), 26, 21)
    assert panel.shape[1] <= 46 + 241 + 12
    lines = [np.flatnonzero((panel[top : top + 20, 40:] != PANEL).any(axis=(0, 2))) for top in (13, 37)]
    assert all(len(line) for line in lines)


def test_a_word_wider_than_a_line_is_broken() -> None:
    panel = panel_of(["W" * 40, "crust"])
    assert panel.shape[1] <= 46 + 241 + 12
    assert swatch(panel, GREEN)[1] == 13 + 34 + 48


@pytest.mark.parametrize("height", [1, 12, 14, 30, 60])
def test_the_panel_is_cut_at_the_photos_height(height: int) -> None:
    whole, cut = panel_of(["sandstone", "crust"]), panel_of(["sandstone", "crust"], height=height)
    assert np.array_equal(cut, whole[:height])


def test_below_the_last_row_the_panel_goes_on_in_its_colour() -> None:
    panel = panel_of(["sandstone"], height=3000)
    assert panel.shape[0] == 3000
    assert (panel[47:] == PANEL).all()


def test_names_that_are_empty_or_not_ascii_are_drawn() -> None:
    assert panel_of([""]).shape[1] == 46 + 12
    assert panel_of(["Tonschiefer, grünlich", "砂岩"]).shape[1] > 100
