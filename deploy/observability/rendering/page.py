"""A dashboard of the chart as one picture: each panel where Grafana would put it, with what Prometheus answers."""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from PIL import Image

from deploy.observability.rendering.canvas import FAINT, Box, Canvas
from deploy.observability.rendering.graph import draw_graph
from deploy.observability.rendering.kinds import draw_figure, draw_table
from deploy.observability.rendering.prometheus import Line, Prometheus, Series, Span

COLUMN_PX, ROW_PX, GAP_PX, HEAD_PX = 64, 36, 8, 44  # Grafana's grid has 24 columns
DRAWN: Final = {"stat": draw_figure, "timeseries": draw_graph, "table": draw_table}
_LABEL: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Answer(NamedTuple):
    """What one query of a panel gives: nothing where there are no such series."""

    panel: str
    expr: str
    series: Series


def asked(dashboard: dict[str, Any], prometheus: Prometheus, span: Span) -> list[Answer]:
    """One for each query of each panel. Raises RuntimeError for a query that Prometheus refuses."""
    return [
        Answer(
            panel["title"],
            target["expr"],
            [(_named(target.get("legendFormat", ""), line), line) for line in prometheus.lines(target["expr"], span)],
        )
        for panel in dashboard["panels"]
        if panel["type"] != "row"
        for target in panel["targets"]
    ]


def drawn(dashboard: dict[str, Any], answers: Sequence[Answer], span: Span) -> Image.Image:
    """An RGB picture."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    canvas = Canvas(24 * COLUMN_PX + GAP_PX, HEAD_PX + rows * ROW_PX + GAP_PX)
    canvas.text((GAP_PX, 10), dashboard["title"], size=22)
    for panel in dashboard["panels"]:
        box = _box(panel["gridPos"])
        if panel["type"] == "row":
            canvas.text((box.left, box.top + 8), panel["title"], size=17)
            continue
        canvas.panel(box, panel["title"])
        inner = Box(box.left + 8, box.top + 26, box.right - 8, box.bottom - 6)
        series = [named for answer in answers if answer.panel == panel["title"] for named in answer.series]
        if series:
            DRAWN[panel["type"]](canvas, inner, panel, series, span)
        else:
            canvas.centred(inner, panel["fieldConfig"]["defaults"].get("noValue", "No data"), size=15, color=FAINT)
    return canvas.picture


def _box(grid: dict[str, int]) -> Box:
    left, top = GAP_PX + grid["x"] * COLUMN_PX, HEAD_PX + grid["y"] * ROW_PX
    return Box(left, top, left + grid["w"] * COLUMN_PX - GAP_PX, top + grid["h"] * ROW_PX - GAP_PX)


def _named(legend: str, line: Line) -> str:
    return _LABEL.sub(lambda label: line.labels.get(label[1], ""), legend).strip()
