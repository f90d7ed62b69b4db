"""The legend panel on the right of an overlay (design §3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rockseg_core.domain.arrays import Pixels

PANEL_RGB: Final = (30, 30, 30)
_LABEL_RGB: Final = (255, 255, 255)
_FONT_PX: Final = 16
_SWATCH_LEFT, _SWATCH_WIDTH, _SWATCH_HEIGHT = 10, 26, 21
_FIRST_TOP, _ROW_PX, _LINE_PX = 13, 34, 24
_LABEL_LEFT, _LABEL_WIDTH, _RIGHT_MARGIN = 46, 240, 12


@dataclass(frozen=True)
class LegendEntry:
    """A class as an overlay draws it: its value in the mask, its name, its colour."""

    index: int
    name: str
    rgb: tuple[int, int, int]


def legend_panel(entries: Sequence[LegendEntry]) -> Pixels:
    """(h, w, 3): the panel as high as its rows need; a photo of another height cuts it, or goes on in PANEL_RGB.

    The lines of a label stand 24 px apart, and the font's ascender and descender lie evenly about a line's middle,
    which for a label of one line is the swatch's middle row.
    """
    labels = [_wrapped(entry.name) for entry in entries]
    width = _LABEL_LEFT + max(_end(line) for lines in labels for line in lines) + _RIGHT_MARGIN
    height = _FIRST_TOP + sum(_ROW_PX + _LINE_PX * (len(lines) - 1) for lines in labels)
    panel = Image.new("RGB", (width, height), PANEL_RGB)
    draw = ImageDraw.Draw(panel)
    top = _FIRST_TOP
    for entry, lines in zip(entries, labels, strict=True):
        extra = _LINE_PX * (len(lines) - 1)
        swatch_top = top + extra // 2
        right, bottom = _SWATCH_LEFT + _SWATCH_WIDTH - 1, swatch_top + _SWATCH_HEIGHT - 1
        draw.rectangle((_SWATCH_LEFT, swatch_top, right, bottom), fill=entry.rgb)
        for number, line in enumerate(lines):
            middle = top + _SWATCH_HEIGHT // 2 + _LINE_PX * number
            draw.text((_LABEL_LEFT, middle), line, fill=_LABEL_RGB, font=_font(), anchor="lm")
        top += _ROW_PX + extra
    return np.asarray(panel)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=_FONT_PX)


def _wrapped(label: str) -> list[str]:
    """Lines of at most 240 px, broken between words; a word that is wider is broken within."""
    lines = [""]
    for word in label.split():
        longer = f"{lines[-1]} {word}".strip()
        if _fits(longer):
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and not _fits(lines[-1] + letter):
                lines.append("")
            lines[-1] += letter
    return lines


def _end(line: str) -> int:
    """Pixels from a line's start to the end of its ink."""
    return math.ceil(_font().getbbox(line)[2])


def _fits(line: str) -> bool:
    return _font().getlength(line) <= _LABEL_WIDTH
