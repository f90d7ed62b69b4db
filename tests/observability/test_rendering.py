"""A dashboard is drawn from what a Prometheus answers: its figures, lines and tables, in their units."""

import json
import math
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from PIL import Image
from tests.observability.shipped import CHART, DASHBOARDS, dashboard, panels, queries

from deploy.observability.rendering import __main__ as command
from deploy.observability.rendering.canvas import COLORS, PANEL
from deploy.observability.rendering.page import asked, drawn
from deploy.observability.rendering.prometheus import Prometheus, Span
from deploy.observability.rendering.units import told

SPAN = Span(1_000_000.0, 1_003_600.0, 30.0)
SERVICE = CHART / "dashboards" / "service.json"


class FakePrometheus:
    """Answers each query with one series that rises from 0 to `most`, save those that hold a word of `empty`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most = 1.0
        self.empty: tuple[str, ...] = ()
        self.labels = {"pod": "api-1", "status": "202", "version": "0.1.0"}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                answer = json.dumps(fake.answer({name: values[0] for name, values in parse_qs(body).items()})).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, query: dict[str, str]) -> dict[str, object]:
        self.asked.append(query["query"])
        if "$" in query["query"]:
            return {"status": "error", "error": "unexpected character: '$'"}
        start, end, step = (float(query[name]) for name in ("start", "end", "step"))
        count = int((end - start) / step) + 1
        values = [[start + number * step, str(self.most * number / (count - 1))] for number in range(count)]
        lines = (
            [] if any(word in query["query"] for word in self.empty) else [{"metric": self.labels, "values": values}]
        )
        return {"status": "success", "data": {"resultType": "matrix", "result": lines}}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    made = FakePrometheus()
    yield made
    made.stop()


def colors(picture: Image.Image, panel: str, file: Path) -> set[str]:
    """Of the pixels of one panel, as `#rrggbb`."""
    (grid,) = (found["gridPos"] for found in panels(file) if found["title"] == panel)
    left, top = 8 + grid["x"] * 64, 44 + grid["y"] * 36
    part = picture.crop((left, top, left + grid["w"] * 64 - 8, top + grid["h"] * 36 - 8))
    return {"#{:02x}{:02x}{:02x}".format(*color) for _, color in part.getcolors(1 << 24) or ()}


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_query_is_asked_with_its_variables_filled_in(file: Path, fake: FakePrometheus) -> None:
    answers = asked(dashboard(file), Prometheus(fake.url, namespace="rocks", rate_interval="2m"), SPAN)
    expected = [expr for where, expr, _ in queries() if where.startswith(file.stem)]
    assert [answer.expr for answer in answers] == expected
    assert fake.asked == [expr.replace("$namespace", "rocks").replace("$__rate_interval", "2m") for expr in expected]
    assert all(answer.series for answer in answers)


def test_a_line_is_named_by_its_legend_and_a_figure_takes_the_colour_of_its_threshold(fake: FakePrometheus) -> None:
    pictures = {}
    for most in (100.0, 8000.0):
        fake.most = most
        answers = asked(dashboard(SERVICE), Prometheus(fake.url), SPAN)
        pictures[most] = drawn(dashboard(SERVICE), answers, SPAN)
    named = {answer.panel: [name for name, _ in answer.series] for answer in answers}
    assert named["Submits by answer"] == ["202"]
    assert named["View lag by replica"] == ["api-1"]
    oldest = "Oldest unfinished job"  # red from 7200 s on
    assert COLORS["green"] in colors(pictures[100.0], oldest, SERVICE)
    assert COLORS["red"] in colors(pictures[8000.0], oldest, SERVICE)
    assert COLORS["green"] not in colors(pictures[8000.0], oldest, SERVICE)


def test_a_panel_without_data_says_so_and_the_command_names_its_query(
    fake: FakePrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "service.png"
    monkeypatch.setattr(sys, "argv", ["render", str(SERVICE), fake.url, str(picture), "--minutes", "5"])
    assert command.main() == 0
    with Image.open(picture) as whole:
        full = colors(whole.convert("RGB"), "Stale reads", SERVICE)
    fake.empty = ("rockseg_api_stale_reads_total",)
    assert command.main() == 1
    assert capsys.readouterr().err.startswith("no data: Stale reads: sum by (pod)")
    with Image.open(picture) as whole:
        assert "#73bf69" not in colors(whole.convert("RGB"), "Stale reads", SERVICE)
    assert "#73bf69" in full


def test_gaps_and_values_that_are_no_number_are_drawn_as_nothing(fake: FakePrometheus) -> None:
    fake.most = math.nan
    answers = asked(dashboard(SERVICE), Prometheus(fake.url), SPAN)
    picture = drawn(dashboard(SERVICE), answers, SPAN)
    assert PANEL in colors(picture, "View lag by replica", SERVICE)


def test_what_prometheus_refuses_is_told_with_its_words(fake: FakePrometheus) -> None:
    with pytest.raises(RuntimeError, match="unexpected character"):
        Prometheus(fake.url).lines("rate(x[$__unknown])", SPAN)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0, "s", "0 s"),
        (0.0345, "s", "34.5 ms"),
        (90.0, "s", "1.5 min"),
        (7200.0, "s", "2 h"),
        (0.987, "percentunit", "98.7%"),
        (3 * 2**20, "bytes", "3 MiB"),
        (1500.0, "Bps", "1.5 kB/s"),
        (12345.0, "short", "12.3 K"),
        (2.5, "suffix: /min", "2.5 /min"),
        (0.25, "reqps", "0.25 req/s"),
        (math.nan, "s", "–"),
    ],
)
def test_values_are_told_in_the_unit_of_their_panel(value: float, unit: str, words: str) -> None:
    assert told(value, unit) == words


def test_a_share_near_the_objective_is_not_rounded_to_it() -> None:
    assert told(0.9985, "percentunit", 2) == "99.85%"
    judged = [panel for panel in panels(SERVICE) if panel["fieldConfig"]["defaults"]["unit"] == "percentunit"]
    assert len(judged) == 2
    assert all(panel["fieldConfig"]["defaults"]["decimals"] == 2 for panel in judged)
