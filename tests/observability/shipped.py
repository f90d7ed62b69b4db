"""What the chart ships to be watched by: rules and dashboards, as their files say; and the metrics that there are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from rockseg_api import metrics as api
from rockseg_inference import metrics as inference

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "deploy" / "helm" / "rockseg"
RULES: Final = sorted((CHART / "rules").glob("*.yaml"))
DASHBOARDS: Final = sorted((CHART / "dashboards").glob("*.json"))
RUNBOOKS: Final = ROOT / "docs" / "runbooks"

METRICS: Final = {**api.CATALOGUE, **inference.CATALOGUE}

NOT_SHOWN: Final[dict[str, str]] = {}
"""Metrics on no dashboard, each with why not. There is none: what nobody looks at need not be counted."""


def rules(file: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alerts(file: Path) -> list[dict[str, Any]]:
    return [rule for rule in rules(file) if "alert" in rule]


def dashboard(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return read


def panels(file: Path) -> list[dict[str, Any]]:
    """Without the rows."""
    return [panel for panel in dashboard(file)["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str, str]]:
    """(dashboard's title and panel's, expression, legend)."""
    for file in DASHBOARDS:
        for panel in panels(file):
            for target in panel["targets"]:
                yield f"{file.stem}: {panel['title']}", target["expr"], target.get("legendFormat", "")


def expressions() -> Iterator[tuple[str, str]]:
    """Every piece of PromQL, with where it stands."""
    for where, expr, _ in queries():
        yield where, expr
    for file in RULES:
        for rule in rules(file):
            yield f"{file.name}: {rule.get('alert') or rule['record']}", rule["expr"]
    for file in DASHBOARDS:
        for annotation in dashboard(file)["annotations"]["list"]:
            yield f"{file.stem}: {annotation['name']}", annotation["expr"]
