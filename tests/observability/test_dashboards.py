"""The dashboards in the chart are those that the Python makes, are what Grafana reads, and can be read at night."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard
from tests.observability.shipped import DASHBOARDS, dashboard, panels

from deploy.observability import dashboards as made

UNITS = {value for name, value in vars(units).items() if not name.startswith("_") and isinstance(value, str)}

each_file = pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)


def test_the_chart_s_files_are_what_the_python_makes() -> None:
    assert {file.stem for file in DASHBOARDS} == made.DASHBOARDS.keys() == {"service", "workers"}
    for file in DASHBOARDS:
        assert file.read_text(encoding="utf-8") == made.written(made.DASHBOARDS[file.stem]()), "run `make docs`"


@each_file
def test_grafana_s_own_types_know_all_that_stands_in_the_file(file: Path) -> None:
    """What the types do not know would not come back."""
    register_default_plugins()
    read = Dashboard.from_json(dashboard(file))
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == dashboard(file)


@each_file
def test_every_panel_has_a_unit_and_says_what_to_make_of_it(file: Path) -> None:
    for panel in panels(file):
        unit = panel["fieldConfig"]["defaults"]["unit"]
        assert unit in UNITS or unit.startswith("suffix: "), panel["title"]
        assert len(panel["description"]) > 40, panel["title"]
        assert panel["description"].endswith("."), panel["title"]


@each_file
def test_every_query_is_to_the_source_chosen_in_the_namespace_chosen(file: Path) -> None:
    for panel in panels(file):
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert target["expr"].count("rockseg_") <= target["expr"].count('namespace=~"$namespace"'), panel["title"]
    variables = {variable["name"] for variable in dashboard(file)["templating"]["list"]}
    assert variables == {"datasource", "namespace"}


@each_file
def test_panels_fill_the_grid_and_cover_none_other(file: Path) -> None:
    everything = dashboard(file)["panels"]
    assert [panel["id"] for panel in everything] == list(range(1, len(everything) + 1))
    assert len({panel["title"] for panel in everything}) == len(everything), "two panels of one name"
    for one, other in combinations(everything, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in everything)


@each_file
def test_lines_of_one_panel_have_names_that_tell_them_apart(file: Path) -> None:
    for panel in panels(file):
        legends = [target.get("legendFormat", "") for target in panel["targets"]]
        assert len(set(legends)) == len(legends), panel["title"]
        assert panel["type"] == "table" or all(legends), panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(legends), panel["title"]


def test_what_is_well_is_green_and_stands_first() -> None:
    first = [panel for panel in panels(DASHBOARDS[0]) if panel["gridPos"]["y"] <= 5]
    assert {panel["type"] for panel in first} == {"stat"}
    judged = [panel for panel in first if panel["options"]["colorMode"] == "background"]
    assert len(judged) >= 6
    assert all("green" in _colors(panel) and _colors(panel) & {"orange", "red"} for panel in judged)


def _colors(panel: dict[str, Any]) -> set[str]:
    return {step["color"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]}


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )
