"""Dashboards and rules speak of metrics that there are, with labels and values that they have; and of all of them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.observability.shipped import METRICS, NOT_SHOWN, expressions, queries

from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.domain.errors import LogUnavailableError, StoreUnavailableError
from rockseg_inference.endings import CRASHED, INTERNAL, KNOWN, Outcome
from rockseg_inference.exits import ExitReason
from rockseg_inference.metrics import WAIT_BUCKETS

PROMETHEUS_OWN = {"ALERTS"}
BY_THE_SCRAPE = {"namespace", "pod", "job", "instance"}
PARTS = ("_bucket", "_sum", "_count")

VALUES: dict[tuple[str, str], set[str]] = {
    ("rockseg_jobs_ended_total", "outcome"): {outcome.value for outcome in Outcome},
    ("rockseg_jobs_ended_total", "reason"): {CRASHED.code, INTERNAL.code, *(ending.reason for ending in KNOWN)},
    ("rockseg_worker_exits_total", "reason"): {reason.value for reason in ExitReason},
    ("rockseg_worker_group_events_total", "event"): {event.value for event in GroupEvent},
    ("rockseg_worker_transient_faults_total", "code"): {StoreUnavailableError.code, LogUnavailableError.code},
    ("rockseg_api_unfinished_jobs", "status"): {"queued", "started"},
    ("rockseg_api_requests_total", "route"): {"/predict", "/job/{job_id}"},
    ("rockseg_api_request_seconds_bucket", "route"): {"/predict", "/job/{job_id}"},
    ("rockseg_api_requests_total", "method"): {"POST", "GET"},
    ("rockseg_api_requests_total", "status"): {"200", "202", "404", "422", "429", "500", "503"},
    ("rockseg_job_seconds_bucket", "le"): {str(bucket) for bucket in WAIT_BUCKETS},
}
"""Of a series and a label, the values that the code gives it: a misspelled one never fires, and nobody would know."""

_SERIES = re.compile(r"\b(rockseg_\w+)(?:\{([^}]*(?:\{\w+\}[^}]*)*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_ANY_SERIES = re.compile(r"\b([a-zA-Z_:]\w*)\s*[\[{]")
_GROUPED = re.compile(r"\b(?:by|on|ignoring|without) \(([^)]*)\)")
_WORDS = re.compile(r"\{\{\s*(\w+)\s*\}\}")

each_expression = pytest.mark.parametrize(("where", "expr"), list(expressions()))


def family(series: str) -> str:
    """The metric that a series belongs to: those of a histogram have names of their own."""
    for part in PARTS:
        whole = series.removesuffix(part)
        if whole in METRICS and METRICS[whole].kind == "histogram":
            return whole
    return series


def of_histogram(series: str) -> bool:
    return series != family(series)


@each_expression
def test_every_metric_that_is_asked_for_exists(where: str, expr: str) -> None:
    for series, _ in _SERIES.findall(expr):
        assert family(series) in METRICS, where
        assert of_histogram(series) == (METRICS[family(series)].kind == "histogram"), where
    others = {name for name in _ANY_SERIES.findall(_MATCHER.sub("", expr)) if not name.startswith("rockseg")}
    assert others <= PROMETHEUS_OWN, where


@each_expression
def test_labels_are_those_of_the_metrics_or_of_the_scrape(where: str, expr: str) -> None:
    had = set(BY_THE_SCRAPE)
    for series, matchers in _SERIES.findall(expr):
        own = {*METRICS[family(series)].labels, *({"le"} if series.endswith("_bucket") else ())}
        had |= own
        for label, operator, value in _MATCHER.findall(matchers):
            assert label in own | BY_THE_SCRAPE, where
            possible = VALUES.get((series, label))
            if possible is not None and not (operator == "=~" and value.endswith("..")):
                assert set(value.split("|")) <= possible, where
            assert possible or label in BY_THE_SCRAPE, f"{where}: no values are known of {label} of {series}"
    for labels in _GROUPED.findall(expr):
        assert {label.strip() for label in labels.split(",")} - {""} <= had, where


@pytest.mark.parametrize(("where", "expr", "legend"), list(queries()))
def test_a_legend_speaks_of_labels_that_its_lines_have(where: str, expr: str, legend: str) -> None:
    kept = {label.strip() for labels in _GROUPED.findall(expr) for label in labels.split(",")}
    assert set(_WORDS.findall(legend)) <= kept, where


def test_every_metric_of_the_catalogue_is_on_a_dashboard_or_says_why_not() -> None:
    shown = {family(series) for _, expr, _ in queries() for series, _ in _SERIES.findall(expr)}
    assert shown | NOT_SHOWN.keys() == METRICS.keys()
    assert not shown & NOT_SHOWN.keys()


def test_prometheus_can_read_every_query_of_the_dashboards(promtool: Callable[..., None], tmp_path: Path) -> None:
    filled = [expr.replace("$__rate_interval", "1m").replace("$namespace", ".*") for _, expr, _ in queries()]
    assert not any("$" in expr for expr in filled), "a variable that no test knows"
    rules = [{"record": f"dashboard:query:{number}", "expr": expr} for number, expr in enumerate(filled)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8")
    promtool("check", "rules", "--lint=none", file)
