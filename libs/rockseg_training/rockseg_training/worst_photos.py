"""A sheet of the photos that the model does worst on: photo, labels and what it said, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rockseg_training.datasets.photo import Photo
from rockseg_training.labels import FIRST_SET, UNLABELLED, LabelSpace

MOST: Final = 12
SIDE_PX: Final = 300  # the longer side of each picture
CAPTION_PX: Final = 24
GAP_PX: Final = 8
PAPER, INK, HIDDEN = (255, 255, 255), (30, 30, 30), (120, 120, 120)


@dataclass(frozen=True)
class Judged:
    """A photo, what was said of it ((h, w) uint8), and the share of known pixels of which that may be right."""

    photo: Photo
    said: NDArray[np.uint8]
    right: float


def draw_sheet(worst: Sequence[Judged], space: LabelSpace) -> Image.Image:
    """A row a photo, the worst first, and the colours of the classes below."""
    font = ImageFont.load_default(size=14)
    rows = [_row(judged, space) for judged in worst[:MOST]]
    captions = [
        f"{judged.photo.name} ({judged.photo.hole}): {100 * judged.right:.0f} % right" for judged in worst[:MOST]
    ]
    used = sorted({int(index) for judged in worst[:MOST] for index in np.unique(_exact(judged, space)) if index})
    width = 2 * GAP_PX + max([420, *(row.shape[1] for row in rows)])  # the captions need so much
    height = sum(row.shape[0] + CAPTION_PX + GAP_PX for row in rows) + CAPTION_PX * (len(used) + 2)
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP_PX, 4), "photo · labels (grey: nothing known) · what the model says", INK, font)
    y = CAPTION_PX
    for row, caption in zip(rows, captions, strict=True):
        draw.text((GAP_PX, y + 4), caption, INK, font)
        sheet.paste(Image.fromarray(row), (GAP_PX, y + CAPTION_PX))
        y += row.shape[0] + CAPTION_PX + GAP_PX
    for index in used:
        draw.rectangle((GAP_PX, y + 4, GAP_PX + 26, y + 20), fill=space.classes[index].rgb)
        draw.text((GAP_PX + 36, y + 4), space.classes[index].name, INK, font)
        y += CAPTION_PX
    return sheet


def _exact(judged: Judged, space: LabelSpace) -> NDArray[np.uint8]:
    both = np.concatenate([judged.photo.labels.ravel(), judged.said.ravel()])
    return both[both < len(space.classes)]


def _row(judged: Judged, space: LabelSpace) -> NDArray[np.uint8]:
    pixels = judged.photo.pixels
    pictures = [pixels, _painted(pixels, judged.photo.labels, space), _painted(pixels, judged.said, space)]
    gap = np.full((1, GAP_PX, 3), 255, np.uint8)
    shown = [_small(picture) for picture in pictures]
    gaps = np.repeat(gap, shown[0].shape[0], axis=0)
    return np.concatenate([shown[0], gaps, shown[1], gaps, shown[2]], axis=1)


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    zoom = SIDE_PX / max(picture.shape[:2])
    size = max(1, round(picture.shape[1] * zoom)), max(1, round(picture.shape[0] * zoom))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _painted(pixels: NDArray[np.uint8], labels: NDArray[np.uint8], space: LabelSpace) -> NDArray[np.uint8]:
    """Half the photo, half the classes' colours; rock of several possible kinds white, what is not known grey."""
    colours = np.full((256, 3), HIDDEN, np.uint8)
    colours[: len(space.classes)] = [rock.rgb for rock in space.classes]
    colours[FIRST_SET:UNLABELLED] = 255
    mixed = pixels // 2 + colours[labels] // 2
    return np.where((labels == 0)[..., None], pixels, mixed).astype(np.uint8)
