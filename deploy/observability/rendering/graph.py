"""A panel of lines or bars over time."""

import math
import time
from collections.abc import Sequence
from typing import Any, Final

from deploy.observability.rendering.canvas import COLORS, FAINT, GRID, LINES, Box, Canvas
from deploy.observability.rendering.prometheus import Series, Span
from deploy.observability.rendering.units import told

LEGEND_ROW_PX, LEGEND_ROWS, AXIS_PX = 14, 5, 58
_STEPS: Final = (1, 2, 2.5, 5, 10)


def draw_graph(canvas: Canvas, box: Box, panel: dict[str, Any], series: Series, span: Span) -> None:
    """Lines or bars from 0, an axis in the panel's unit, and a legend with last and highest value."""
    defaults = panel["fieldConfig"]["defaults"]
    custom, unit = defaults["custom"], defaults["unit"]
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    limits = [step["value"] for step in defaults.get("thresholds", {}).get("steps", ()) if step["value"] is not None]
    legend_px = LEGEND_ROW_PX * (1 + min(LEGEND_ROWS, len(series)))
    plot = Box(box.left + AXIS_PX, box.top + 4, box.right - 4, box.bottom - 18 - legend_px)
    heights = _heights(series, stacked=stacked)
    top = _round_up(max((value for line in heights for _, value in line if math.isfinite(value)), default=0.0))

    def at(moment: float, value: float) -> tuple[float, float]:
        across = (moment - span.start) / (span.end - span.start)
        return plot.left + across * plot.width, plot.bottom - min(value / top, 1.05) * plot.height

    _axes(canvas, plot, top, unit, span)
    if limits and limits[-1] <= top:
        canvas.pen.line([at(span.start, limits[-1]), at(span.end, limits[-1])], fill=COLORS["red"], width=1)
    for number, raised in reversed(list(enumerate(heights))):  # the lower of a stack over the higher
        color = LINES[number % len(LINES)]
        if custom["drawStyle"] == "bars":
            _bars(canvas, [at(*point) for point in raised], plot.bottom, color)
        else:
            for part in _unbroken(raised, span.step):
                canvas.pen.line([at(*point) for point in part], fill=color, width=2)
    _legend(canvas, Box(box.left, plot.bottom + 18, box.right, box.bottom), series, unit)


def _heights(series: Series, *, stacked: bool) -> list[list[tuple[float, float]]]:
    """Where each line runs: one on the other where they are stacked."""
    raised, ground = [], dict[float, float]()
    for _, line in series:
        points = [(moment, value + (ground.get(moment, 0.0) if stacked else 0.0)) for moment, value in line.points]
        ground.update({moment: value for moment, value in points if math.isfinite(value)})
        raised.append(points)
    return raised


def _unbroken(points: Sequence[tuple[float, float]], step: float) -> list[list[tuple[float, float]]]:
    """Parts without a gap: neither a missing point nor one that is no number."""
    parts: list[list[tuple[float, float]]] = [[]]
    for moment, value in points:
        if not math.isfinite(value) or (parts[-1] and moment - parts[-1][-1][0] > 1.5 * step):
            parts.append([])
        if math.isfinite(value):
            parts[-1].append((moment, value))
    return [part if len(part) > 1 else [part[0], (part[0][0] + step / 2, part[0][1])] for part in parts if part]


def _bars(canvas: Canvas, tops: Sequence[tuple[float, float]], bottom: float, color: str) -> None:
    width = max(1.0, (tops[1][0] - tops[0][0]) * 0.8) if len(tops) > 1 else 3.0
    for x, y in tops:
        if math.isfinite(y) and y < bottom:
            canvas.pen.rectangle((x - width / 2, y, x + width / 2, bottom), fill=color)


def _round_up(highest: float) -> float:
    """The top of an axis: 1, 2, 2.5 or 5 times a power of ten."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in _STEPS if step * power >= highest * 0.999)


def _axes(canvas: Canvas, plot: Box, top: float, unit: str, span: Span) -> None:
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = plot.bottom - share * plot.height
        canvas.pen.line([(plot.left, y), (plot.right, y)], fill=GRID, width=1)
        canvas.text((plot.left - 5, y), told(share * top, unit), size=10, color=FAINT, anchor="rm")
    for share in (0.1, 0.5, 0.9):
        moment = time.localtime(span.start + share * (span.end - span.start))
        at = (plot.left + share * plot.width, plot.bottom + 4)
        canvas.text(at, time.strftime("%H:%M:%S", moment), size=10, color=FAINT, anchor="ma")


def _legend(canvas: Canvas, box: Box, series: Series, unit: str) -> None:
    columns = (box.right - 130, box.right - 50)
    for x, name in zip(columns, ("last", "max"), strict=True):
        canvas.text((x, box.top), name, size=10, color=FAINT, anchor="ma")
    most = [max((value for _, value in line.points if math.isfinite(value)), default=math.nan) for _, line in series]
    named = sorted(range(len(series)), key=lambda number: -most[number])[:LEGEND_ROWS]
    for row, number in enumerate(sorted(named), 1):
        name, line = series[number]
        y = box.top + row * LEGEND_ROW_PX
        canvas.pen.rectangle((box.left, y + 4, box.left + 12, y + 7), fill=LINES[number % len(LINES)])
        canvas.text((box.left + 18, y), canvas.fitted(name, columns[0] - box.left - 60, 10), size=10)
        for x, value in zip(columns, (line.last, most[number]), strict=True):
            canvas.text((x, y), told(value, unit), size=10, anchor="ma")
    if len(series) > LEGEND_ROWS:
        canvas.text((box.left + 18, box.top), f"the highest {LEGEND_ROWS} of {len(series)}", size=10, color=FAINT)
