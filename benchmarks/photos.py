"""Photos to measure with: the drawn core that comes along, at the sizes that the goals name."""

import io

import numpy as np
from PIL import Image

from rockseg_standalone.home import demo_photo


def core_jpeg(width: int, height: int, *, quality: int = 90) -> bytes:
    """The drawn core stretched to width × height."""
    with Image.open(demo_photo()) as core:
        return _jpeg(core.convert("RGB").resize((width, height), Image.Resampling.BICUBIC), quality)


def noisy_jpeg(target_bytes: int) -> bytes:
    """A JPEG of about `target_bytes`: what a camera's noise does to a file's size."""
    rng = np.random.default_rng(1)
    side, photo = 256, b""
    while len(photo) < target_bytes:
        side += 64
        pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        photo = _jpeg(Image.fromarray(pixels), 90)
    return photo


def _jpeg(image: Image.Image, quality: int) -> bytes:
    body = io.BytesIO()
    image.save(body, "JPEG", quality=quality)
    return body.getvalue()
