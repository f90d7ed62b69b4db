"""Plots of shares against shares: reliability, risk and coverage, and what was measured against what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIDE_PX: Final = 420
EDGE_PX: Final = 64
FONT_PX: Final = 14
PAPER, INK, FAINT = (255, 255, 255), (30, 30, 30), (210, 210, 210)
COLOURS: Final = ((33, 82, 156), (200, 90, 30))
TICKS: Final = 5

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """Points (x, y), x in the plot's own unit; `line` joins them."""

    name: str
    points: Sequence[Point]
    line: bool = True


def plot(
    title: str, axes: tuple[str, str], series: Sequence[Series], *, most: Point = (1.0, 1.0), diagonal: bool = False
) -> Image.Image:
    """From 0 to `most` each way; `diagonal` shows where both are alike."""
    font = ImageFont.load_default(size=FONT_PX)
    height = SIDE_PX + 2 * EDGE_PX + FONT_PX * 2 * len(series)
    width = max(SIDE_PX + 2 * EDGE_PX, round(font.getlength(title)) + 2 * FONT_PX)
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((FONT_PX, FONT_PX), title, INK, font)
    draw.text((EDGE_PX, EDGE_PX - 22), axes[1], INK, font)
    draw.text((EDGE_PX + SIDE_PX, EDGE_PX + SIDE_PX + 24), axes[0], INK, font, anchor="ra")
    for tick in range(TICKS + 1):
        share = tick / TICKS
        x, y = EDGE_PX + share * SIDE_PX, EDGE_PX + (1 - share) * SIDE_PX
        draw.line((x, EDGE_PX, x, EDGE_PX + SIDE_PX), FAINT)
        draw.line((EDGE_PX, y, EDGE_PX + SIDE_PX, y), FAINT)
        draw.text((x, EDGE_PX + SIDE_PX + 4), f"{share * most[0]:.3g}", INK, font, anchor="ma")
        draw.text((EDGE_PX - 6, y), f"{share * most[1]:.2g}", INK, font, anchor="rm")
    if diagonal:
        draw.line((EDGE_PX, EDGE_PX + SIDE_PX, EDGE_PX + SIDE_PX, EDGE_PX), FAINT, 2)
    for number, one in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        places = [_place(point, most) for point in one.points]
        if one.line and len(places) > 1:
            draw.line(places, colour, 2)
        for x, y in places if not one.line or len(places) < 40 else []:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
        y = EDGE_PX * 2 + SIDE_PX - 10 + FONT_PX * 2 * number
        draw.rectangle((EDGE_PX, y, EDGE_PX + 20, y + FONT_PX), fill=colour)
        draw.text((EDGE_PX + 28, y + FONT_PX / 2), one.name, INK, font, anchor="lm")
    return picture


def _place(point: Point, most: Point) -> Point:
    x, y = (min(max(value / end, 0.0), 1.0) for value, end in zip(point, most, strict=True))
    return EDGE_PX + x * SIDE_PX, EDGE_PX + (1 - y) * SIDE_PX
