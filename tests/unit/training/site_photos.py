"""Photos of a site that does not exist: flat colours, so that a few steps can learn something from them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

CLASSES = ("background", "sandstone", "mudstone", "tuff")
COLOURS = ((0, 0, 0), (174, 199, 232), (152, 223, 138), (250, 60, 60))
TONES = np.array([(40, 90, 40), (200, 170, 110), (70, 70, 90), (190, 60, 60)], np.uint8)


def core_mask(height: int = 320, width: int = 200, *, rocks: Sequence[int] = (1, 2, 3)) -> NDArray[np.uint8]:
    """One upright core 120 px wide, in beds."""
    mask = np.zeros((height, width), np.uint8)
    beds = np.array(rocks, np.uint8)[np.arange(height) * len(rocks) // height]
    mask[10 : height - 10, 40:160] = beds[10 : height - 10, None]
    return mask


def photo_of(mask: NDArray[np.uint8], seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 12, (*mask.shape, 3))
    return np.clip(TONES[np.minimum(mask, 3)] + noise, 0, 255).astype(np.uint8)


def write_jpeg(file: Path, pixels: NDArray[np.uint8]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), pixels[..., ::-1])


def write_palette(file: Path, mask: NDArray[np.uint8], colours: Sequence[tuple[int, int, int]] = COLOURS) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(mask, "P")
    image.putpalette([value for colour in colours for value in colour])
    image.save(file)


def write_classes(data: Path, classes: Sequence[object] = CLASSES, **more: object) -> None:
    data.mkdir(parents=True, exist_ok=True)
    (data / "classes.json").write_text(json.dumps({"classes": classes, **more}))


def write_site(data: Path, names: Mapping[str, NDArray[np.uint8]], classes: Sequence[object] = CLASSES) -> Path:
    """DATA/photos, DATA/masks and DATA/classes.json, of masks by the photos' names."""
    for seed, (name, mask) in enumerate(names.items()):
        write_jpeg(data / "photos" / f"{name}.jpg", photo_of(mask, seed))
        write_palette(data / "masks" / f"{name}.png", mask)
    write_classes(data, classes)
    return data
