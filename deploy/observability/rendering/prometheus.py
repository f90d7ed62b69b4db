"""What Prometheus answers to a panel's queries, with Grafana's variables filled in."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import httpx

SECONDS: Final = 30.0


class Span(NamedTuple):
    """From when to when, in epoch seconds, and how far apart the points are."""

    start: float
    end: float
    step: float


class Line(NamedTuple):
    """One series: its labels, and (time, value) in order; a value may be NaN."""

    labels: dict[str, str]
    points: list[tuple[float, float]]

    @property
    def last(self) -> float:
        return self.points[-1][1]


Series: TypeAlias = Sequence[tuple[str, Line]]
"""Of one panel, each line under its name in the legend."""


class Prometheus:
    """The HTTP API of a Prometheus, or of what speaks like one."""

    def __init__(self, url: str, *, namespace: str = ".*", rate_interval: str = "1m") -> None:
        self._client = httpx.Client(base_url=url, timeout=SECONDS)
        self._filled = {"$namespace": namespace, "$__rate_interval": rate_interval}

    def lines(self, expr: str, span: Span) -> list[Line]:
        """Raises RuntimeError with what Prometheus says of a query that it refuses."""
        for name, value in self._filled.items():
            expr = expr.replace(name, value)
        asked = {"query": expr, "start": span.start, "end": span.end, "step": span.step}
        answer = self._client.post("/api/v1/query_range", data=asked).json()
        if answer["status"] != "success":
            raise RuntimeError(f"{answer['error']}: {expr}")
        return [
            Line(found["metric"], [(time, float(value)) for time, value in found["values"]])
            for found in answer["data"]["result"]
        ]
