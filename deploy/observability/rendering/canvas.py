"""Where panels are drawn: Grafana's dark colours, and Pillow's own font."""

from functools import cache
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

BACKGROUND, PANEL, INK, FAINT, GRID = "#111217", "#181b1f", "#d8d9da", "#8e8e8e", "#2c3235"
COLORS: Final = {"green": "#2d7d32", "orange": "#c77700", "red": "#b3261e", "blue": "#5794f2"}
LINES: Final = (
    "#73bf69",
    "#f2cc0c",
    "#8ab8ff",
    "#ff780a",
    "#f2495c",
    "#b877d9",
    "#37872d",
    "#fade2a",
    "#1f60c4",
    "#e0b400",
)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


class Canvas:
    def __init__(self, width: int, height: int) -> None:
        self.picture = Image.new("RGB", (width, height), BACKGROUND)
        self.pen = ImageDraw.Draw(self.picture, "RGBA")

    def panel(self, box: Box, title: str) -> None:
        self.pen.rectangle(box, fill=PANEL, outline=GRID)
        self.text((box.left + 8, box.top + 6), title, size=13)

    def text(
        self, at: tuple[float, float], words: str, *, size: int = 11, color: str = INK, anchor: str = "la"
    ) -> None:
        self.pen.text(at, words, font=_font(size), fill=color, anchor=anchor)

    def centred(self, box: Box, words: str, *, size: int, color: str = INK) -> None:
        at = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        self.text(at, words, size=size, color=color, anchor="mm")

    def fitted(self, words: str, width: float, size: int = 11) -> str:
        """`words`, cut with an ellipsis where they are wider."""
        if _font(size).getlength(words) <= width:
            return words
        while words and _font(size).getlength(words + "…") > width:
            words = words[:-1]
        return words + "…"


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
