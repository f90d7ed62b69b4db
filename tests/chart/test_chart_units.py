"""helm-unittest's files, one a feature; and that whatever can be left out is left out until somebody asks for it."""

from collections.abc import Callable, Iterator
from os.path import relpath
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.chart import CHART, Tool

UNITS = sorted((Path(__file__).parent / "unit").glob("*_test.yaml"))
# What an installation of four values consists of, and nothing that asks for an operator.
BY_DEFAULT = {"Deployment", "Ingress", "Job", "PodDisruptionBudget", "Service", "ServiceAccount"}


@pytest.mark.parametrize("file", UNITS, ids=lambda path: path.stem.removesuffix("_test"))
def test_a_feature_is_as_its_file_says(file: Path, run_tool: Tool) -> None:
    done = run_tool("helm-unittest", ["--strict", "-f", relpath(file, CHART), CHART])

    assert done.returncode == 0, done.said
    assert "1 passed, 1 total" in done.said


def test_nothing_is_made_that_was_not_asked_for(rendered: Callable[..., list[dict[str, Any]]]) -> None:
    assert {found["kind"] for found in rendered({})} == BY_DEFAULT


def test_every_option_that_is_off_by_default_has_a_unit_that_turns_it_on() -> None:
    """By its whole path, or by its name within a map that is set."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    off = [path for path, enabled in _switches(values) if not enabled]
    assert len(off) >= 10
    turned_on = {path for file in UNITS for path in _turned_on(yaml.safe_load(file.read_text(encoding="utf-8")))}

    assert [path for path in off if path not in turned_on] == []


def _switches(values: dict[str, Any], at: str = "") -> Iterator[tuple[str, bool]]:
    for name, value in values.items():
        path = f"{at}.{name}".lstrip(".")
        if isinstance(value, dict):
            yield from _switches(value, path)
        elif name == "enabled":
            yield path, value


def _turned_on(suite: dict[str, Any]) -> Iterator[str]:
    for test in suite["tests"]:
        yield from (path for path, enabled in _switches(test.get("set", {})) if enabled is True)
        yield from (path for path, enabled in test.get("set", {}).items() if enabled is True)
