"""The overlay: a view of photo and mask, made on demand (design §3)."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Mask, Pixels
from rockseg_core.imaging.legend import PANEL_RGB, LegendEntry, legend_panel
from rockseg_core.imaging.png_writer import Colour, Filter, PngWriter

__all__ = ["LegendEntry", "render_overlay"]

_BACKGROUND: Final = 0
_BAND_PIXELS: Final = 1 << 17  # a band's arrays stay in the processor's cache


def render_overlay(photo: Pixels, mask: Mask, classes: Sequence[LegendEntry], weight: float, *, legend: bool) -> bytes:
    """An RGB PNG of the photo's height: (1 - weight) * photo + weight * colour where the mask is not background.

    `photo` is (H, W, 3), `mask` (H, W), `weight` in [0, 1]. The legend panel names the classes that have a pixel; the
    background is not named, and without any class there is no panel. `classes` may be in any order and may name more
    than the mask has. Works in bands: beside photo, mask and the PNG it needs a few MB. Raises ValueError for a mask
    of another size or with a class that is not in `classes`, and for a weight out of bounds or NaN.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"a weight of {weight} is not within 0 and 1")
    if mask.shape != photo.shape[:2]:
        raise ValueError(f"a mask of {mask.shape} for a photo of {photo.shape}")
    shown = _present(mask, classes)
    tables = _blend_tables(shown, weight)
    panel = legend_panel(shown) if legend and shown else np.empty((0, 0, 3), np.uint8)
    height, width = mask.shape
    full_width = width + panel.shape[1]
    writer = PngWriter(full_width, height, depth=8, colour=Colour.RGB)
    rows = min(height, max(1, _BAND_PIXELS // full_width))
    pixels = np.empty((rows, full_width, 3), np.uint8)
    raw = np.full((rows, 1 + 3 * full_width), Filter.SUB, np.uint8)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        band = pixels[: bottom - top]
        _blend(photo[top:bottom], mask[top:bottom], tables, band[:, :width])
        _put_panel(band[:, width:], panel[top:bottom])
        out = raw[: bottom - top]
        flat = band.reshape(len(band), -1)
        out[:, 1:4] = flat[:, :3]
        np.subtract(flat[:, 3:], flat[:, :-3], out=out[:, 4:])  # modulo 256, as the filter wants it
        writer.write(out)
    return writer.finish()


def _present(mask: Mask, classes: Sequence[LegendEntry]) -> list[LegendEntry]:
    """The classes with at least one pixel, background apart, in index order."""
    counts = cv2.calcHist([mask], [0], None, [256], [0, 256]).ravel()
    present = {int(index) for index in np.flatnonzero(counts)} - {_BACKGROUND}
    shown = sorted((entry for entry in classes if entry.index in present), key=lambda entry: entry.index)
    if [entry.index for entry in shown] != sorted(present):
        raise ValueError("the mask has a class that is not among the classes, or one is there twice")
    return shown


def _blend_tables(shown: Sequence[LegendEntry], weight: float) -> NDArray[np.uint8]:
    """(3, classes * 256): per channel, at class index * 256 + photo value, the blended value; the identity elsewhere.

    The formula in float64, rounded half to even, once for every value that a photo can have.
    """
    values = np.arange(256, dtype=np.float64)
    most = max((entry.index for entry in shown), default=_BACKGROUND)
    tables = np.tile(values.astype(np.uint8), (3, most + 1, 1))
    for entry in shown:
        for channel, colour in enumerate(entry.rgb):
            tables[channel, entry.index] = np.rint((1 - weight) * values + weight * colour)
    return tables.reshape(3, -1)


def _blend(photo: Pixels, mask: Mask, tables: NDArray[np.uint8], out: Pixels) -> None:
    rows_of_tables = np.left_shift(mask, 8, dtype=np.intp)
    for channel, table in enumerate(tables):
        out[..., channel] = table.take(rows_of_tables + photo[..., channel], mode="clip")  # "clip": no bounds check


def _put_panel(out: Pixels, panel: Pixels) -> None:
    out[: len(panel)] = panel
    out[len(panel) :] = PANEL_RGB
