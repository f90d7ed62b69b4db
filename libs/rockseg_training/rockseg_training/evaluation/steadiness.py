"""How much of a mask stays when the photo is changed in ways that change no rock."""

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np

from rockseg_core.domain.arrays import Mask, Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.ports.segmenter import Segmenter
from rockseg_model.photo import segment

Change = Callable[[Pixels], Pixels]
SHIFTED: Final = "tile grid shifted"


def _brightened(factor: float) -> Change:
    return lambda pixels: np.clip(pixels.astype(np.float32) * factor, 0, 255).astype(np.uint8)


def _scaled(factor: float) -> Change:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return lambda pixels: cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=way).astype(np.uint8)


def _as_jpeg(pixels: Pixels) -> Pixels:
    _, body = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 50])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


CHANGES: Final[Mapping[str, Change]] = {
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "20 % brighter": _brightened(1.2),
    "20 % darker": _brightened(0.8),
    "20 % larger": _scaled(1.2),
    "20 % smaller": _scaled(0.8),
    "JPEG 50": _as_jpeg,
}


def steadiness(pixels: Pixels, mask: Mask, segmenter: Segmenter, shifted: Segmenter | None) -> dict[str, float]:
    """By change: the share of the photo's pixels that keep the class which `mask` gives them.

    `shifted` is the same model with its tile grid half a tile off.
    """
    kept = {}
    for name, change in CHANGES.items():
        said = segment(change(pixels), JobOptions(), segmenter).mask
        if name == "mirrored":
            said = said[:, ::-1]
        size = mask.shape[1], mask.shape[0]
        back = cv2.resize(np.ascontiguousarray(said), size, interpolation=cv2.INTER_NEAREST)
        kept[name] = float((back == mask).mean())
    if shifted is not None:
        kept[SHIFTED] = float((segment(pixels, JobOptions(), shifted).mask == mask).mean())
    return kept
