"""The masks and confidence maps that a worker stores."""

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import PngImagePlugin

from rockseg_core.domain.arrays import Confidence, Mask
from rockseg_core.domain.errors import FatalError
from rockseg_core.imaging.png_writer import Colour, Filter, PngWriter

_NIBBLE_CLASSES: Final = 16
_MOST_CLASSES: Final = 256
_BAND_PIXELS: Final = 1 << 20


def encode_mask(mask: Mask, palette: Sequence[tuple[int, int, int]]) -> bytes:
    """A palette PNG whose pixel is the class index: 4 bits for up to 16 classes, else 8.

    `mask` is (H, W) uint8; `palette` has the RGB of every class, in index order. Raises ValueError for an index
    without a colour.
    """
    if not 1 <= len(palette) <= _MOST_CLASSES or int(mask.max()) >= len(palette):
        raise ValueError("each class index of a mask needs a colour, and there are at most 256")
    height, width = mask.shape
    packed = len(palette) <= _NIBBLE_CLASSES
    writer = PngWriter(width, height, depth=4 if packed else 8, colour=Colour.PALETTE, palette=palette)
    _write(writer, mask, packed=packed)
    return writer.finish()


def encode_confidence(confidence: Confidence) -> bytes:
    """An 8-bit grey PNG of (h, w) uint8."""
    height, width = confidence.shape
    writer = PngWriter(width, height, depth=8, colour=Colour.GREY)
    _write(writer, confidence, packed=False)
    return writer.finish()


def decode_mask(body: bytes) -> Mask:
    """(H, W) uint8 class indices of a PNG that `encode_mask` wrote; FatalError for anything else."""
    # The plugin itself, not Image.open: that has a process-wide limit on pixels.
    try:
        image = PngImagePlugin.PngImageFile(io.BytesIO(body))
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # whatever a plugin raises on bytes that it was not made for
        raise FatalError("a stored mask cannot be decoded") from error
    if image.mode != "P":
        raise FatalError("a stored mask has no palette")
    return np.asarray(image, np.uint8)


def _write(writer: PngWriter, samples: Mask | Confidence, *, packed: bool) -> None:
    height, width = samples.shape
    row_bytes = (width + 1) // 2 if packed else width
    rows = min(height, max(1, _BAND_PIXELS // width))
    raw = np.full((rows, 1 + row_bytes), Filter.NONE, np.uint8)
    for top in range(0, height, rows):
        band = samples[top : top + rows]
        out = raw[: len(band), 1:]
        if packed:
            np.left_shift(band[:, 0::2], 4, out=out)
            out[:, : width // 2] |= band[:, 1::2]
        else:
            out[:] = band
        writer.write(raw[: len(band)])
