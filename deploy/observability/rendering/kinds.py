"""Panels of a figure, and of a table."""

import math
from collections.abc import Sequence
from typing import Any

from deploy.observability.rendering.canvas import COLORS, FAINT, Box, Canvas
from deploy.observability.rendering.prometheus import Line, Series, Span
from deploy.observability.rendering.units import told


def draw_figure(canvas: Canvas, box: Box, panel: dict[str, Any], series: Series, span: Span) -> None:
    """The last value, on its threshold's colour, or in words where it is mapped to some."""
    defaults = panel["fieldConfig"]["defaults"]
    value = series[0][1].last
    color = _step(defaults["thresholds"]["steps"], value)
    words = told(value, defaults["unit"], defaults.get("decimals"))
    for mapping in defaults.get("mappings", ()):
        mapped = mapping["options"].get(f"{value:g}")
        if mapped:
            words, color = mapped["text"], mapped["color"]
    if panel["options"]["colorMode"] == "background":
        canvas.pen.rectangle(box, fill=COLORS[color])
        canvas.centred(box, words, size=34)
    else:
        canvas.centred(box, words, size=34, color=COLORS[color])
    if panel["options"]["graphMode"] == "area":
        _trend(canvas, box, series[0][1], span)


def draw_table(canvas: Canvas, box: Box, panel: dict[str, Any], series: Series, _span: Span) -> None:
    """A row for each series: its labels, then its value."""
    renamed = panel["transformations"][0]["options"]["renameByName"]
    columns = sorted({label for _, line in series for label in line.labels})
    width = box.width / (len(columns) + 1)
    for number, name in enumerate([*columns, renamed["Value"]]):
        canvas.text((box.left + number * width, box.top + 6), name, color=FAINT)
    for row, (_, line) in enumerate(series, 1):
        cells = [*(line.labels.get(label, "") for label in columns), told(line.last, "short")]
        for number, cell in enumerate(cells):
            at = (box.left + number * width, box.top + 6 + row * 20)
            canvas.text(at, canvas.fitted(cell, width - 6))


def _trend(canvas: Canvas, box: Box, line: Line, span: Span) -> None:
    """How the figure came to be what it is, along the bottom."""
    points = [(moment, value) for moment, value in line.points if math.isfinite(value)]
    most = max((value for _, value in points), default=0.0)
    if len(points) > 1 and most > 0:
        width, height = box.width / (span.end - span.start), 0.25 * box.height / most
        drawn = [(box.left + width * (moment - span.start), box.bottom - height * value) for moment, value in points]
        canvas.pen.line(drawn, fill="#ffffff60", width=2)


def _step(steps: Sequence[dict[str, Any]], value: float) -> str:
    return next(str(step["color"]) for step in reversed(steps) if step["value"] is None or value >= step["value"])
