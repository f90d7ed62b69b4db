"""Bytes to upright RGB. OpenCV decodes all that it decodes exactly as Pillow does; Pillow the rest.

Measured on one core, ms per megapixel: JPEG 5–6 by OpenCV and 7–8 by Pillow, PNG 21 and 25; and OpenCV needs 3 bytes a
pixel where Pillow needs 7 to 10. OpenCV also refuses a PNG whose pixels end early or whose checksums are wrong, which
Pillow shows with the rest black. A JPEG or WebP that is whole in its structure and broken in its compressed data is
shown by both as far as it goes, as every viewer does; so does rockseg. libjpeg, libpng and libtiff write a line about
such a file to stderr, past every logging setting; to catch it would mean to take the process's stderr from all threads.
"""

import io
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from rockseg_core.domain.arrays import Pixels
from rockseg_core.imaging import refusals
from rockseg_core.imaging.anatomy import Anatomy, PhotoFormat, pixels_of
from rockseg_core.imaging.inspect import dissect, name_of
from rockseg_core.imaging.tiff import bits_of, is_white_zero, open_page
from rockseg_core.imaging.upright import upright

_BAND_PIXELS: Final = 1 << 20
_CMYK: Final = 4


def decode_photo(body: bytes, *, max_pixels: int) -> Pixels:
    """A photo as a viewer shows it: (H, W, 3) uint8 RGB, EXIF orientation applied, transparency on white.

    16 bits a channel are scaled by dropping the lower 8. Colour profiles are not applied. Raises PhotoRefusedError:
    what `inspect_photo` refuses, and `image_corrupt` for what cannot be decoded. Safe on any thread. At most two
    copies of the pixels exist at a time, of which one may have 4 samples a pixel or 16 bits a sample.
    """
    anatomy = dissect(body, max_pixels)
    cv2.utils.logging.setLogLevel(0)  # its warnings repeat what is raised here
    if anatomy.format is PhotoFormat.TIFF:
        return _tiff(body, anatomy)
    if anatomy.channels == _CMYK:
        return upright(_cmyk_jpeg(body, anatomy), anatomy.orientation)
    return upright(_by_opencv(body, anatomy), anatomy.orientation)


def _by_opencv(body: bytes, anatomy: Anatomy) -> Pixels:
    encoded = np.frombuffer(pixels_of(body, anatomy.essence), np.uint8)
    mode = cv2.IMREAD_UNCHANGED if anatomy.alpha else cv2.IMREAD_COLOR_RGB
    try:
        decoded: NDArray[Any] | None = cv2.imdecode(encoded, mode | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise refusals.corrupt(name_of(anatomy.format)) from error
    if decoded is None or decoded.shape[:2] != (anatomy.height, anatomy.width):
        raise refusals.corrupt(name_of(anatomy.format))
    return _on_white(decoded, anatomy.colour_key) if anatomy.alpha else decoded


def _on_white(decoded: NDArray[Any], colour_key: int | None) -> Pixels:
    """OpenCV's grey, BGR or BGRA of 8 or 16 bits, laid on white."""
    height, width = decoded.shape[:2]
    rgb = np.empty((height, width, 3), np.uint8)
    shift = 8 * (decoded.dtype.itemsize - 1)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        band, out = decoded[top : top + rows], rgb[top : top + rows]
        if band.ndim == 2:
            out[:] = np.where(band == colour_key, 255, band >> shift)[..., np.newaxis]
            continue
        samples = (band >> shift).astype(np.uint16)
        out[:] = samples[..., 2::-1]
        if band.shape[2] == 4:
            alpha = samples[..., 3:]
            out[:] = (samples[..., 2::-1] * alpha + 255 * (255 - alpha) + 127) // 255
    return rgb


def _cmyk_jpeg(body: bytes, anatomy: Anatomy) -> Pixels:
    # The plugin itself, not Image.open: that has a process-wide limit on pixels.
    try:
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(pixels_of(body, anatomy.essence)))
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # whatever a plugin raises on bytes that it was not made for
        raise refusals.corrupt("JPEG") from error
    # Pillow takes every CMYK JPEG for one of Adobe's, whose inks are inverted.
    return _rgb_of(image, invert=not anatomy.inverted)


def _tiff(body: bytes, anatomy: Anatomy) -> Pixels:
    """Pillow turns a TIFF upright while it loads it."""
    image = open_page(body)
    bits, white_zero = bits_of(image), is_white_zero(image)
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # whatever a plugin raises on bytes that it was not made for
        raise refusals.corrupt("TIFF") from error
    if image.size != anatomy.displayed:
        raise refusals.corrupt("TIFF")
    if image.mode.startswith("I;16"):
        return _grey16(image, bits, white_zero=white_zero)
    return _rgb_of(image)


def _grey16(image: Image.Image, bits: int, *, white_zero: bool) -> Pixels:
    """Scaled, where Pillow's own conversion clips at 255."""
    grey = (np.asarray(image) >> (bits - 8)).astype(np.uint8)
    return np.repeat((255 - grey if white_zero else grey)[..., np.newaxis], 3, axis=2)


def _rgb_of(image: Image.Image, *, invert: bool = False) -> Pixels:
    """Pillow's pixels on white, in bands: Pillow's own RGB has 4 bytes a pixel and would be a copy more."""
    width, height = image.size
    rgb = np.empty((height, width, 3), np.uint8)
    alpha = image.mode in {"LA", "La", "PA", "RGBA"}
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(top + rows, height)))
        if invert:
            band = Image.fromarray(~np.asarray(band), band.mode)
        if band.mode == "La":
            band = band.convert("LA")
        if alpha:
            band = band.convert("RGBA")
            band = Image.alpha_composite(Image.new("RGBA", band.size, "white"), band)
        rgb[top : top + rows] = np.asarray(band.convert("RGB"))
    return rgb
