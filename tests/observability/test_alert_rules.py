"""Each alert is one file, one runbook and one file of unit tests; and Prometheus' own tool is content with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.observability.shipped import ROOT, RULES, alerts, rules

UNIT_TESTS = Path(__file__).parent / "rules"
ASKED_FOR = {
    "accept-fails",
    "results-late",
    "oldest-job-waits",
    "dead-letters",
    "worker-exits",
    "undecodable-records",
    "view-lags",
    "queue-without-workers",
    "store-unreachable",
    "log-unreachable",
}

each_file = pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)


def test_nothing_that_is_worth_an_alert_lacks_one() -> None:
    assert {file.stem for file in RULES} >= ASKED_FOR


@each_file
def test_prometheus_takes_the_rules(file: Path, promtool: Callable[..., None]) -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", file)


@each_file
def test_the_rules_fire_when_they_should_and_only_then(file: Path, promtool: Callable[..., None]) -> None:
    promtool("test", "rules", UNIT_TESTS / file.name)


@each_file
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(file: Path) -> None:
    tests = yaml.safe_load((UNIT_TESTS / file.name).read_text(encoding="utf-8"))
    assert [(UNIT_TESTS / name).resolve() for name in tests["rule_files"]] == [file]
    cases = [case for test in tests["tests"] for case in test.get("alert_rule_test", ())]
    expected = [alert["exp_labels"] for case in cases for alert in case["exp_alerts"]]
    for alert in alerts(file):
        assert any(alert["labels"].items() <= labels.items() for labels in expected), alert["labels"]
    silent = [case for case in cases if not case["exp_alerts"]]
    assert silent, "it is never shown to keep quiet"


@each_file
def test_one_file_is_one_alert_is_one_runbook(file: Path) -> None:
    name = "Rockseg" + "".join(word.capitalize() for word in file.stem.split("-"))
    assert {alert["alert"] for alert in alerts(file)} == {name}
    for alert in alerts(file):
        assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{file.name.replace('.yaml', '.md')}"
        assert (ROOT / alert["annotations"]["runbook_url"]).is_file()


@each_file
def test_an_alert_says_how_bad_it_is_where_and_what_it_means(file: Path) -> None:
    for alert in alerts(file):
        assert alert["labels"]["severity"] in {"critical", "warning"}
        assert "{{ $labels.namespace }}" in alert["annotations"]["summary"]
        assert len(alert["annotations"]["summary"]) < 120
        assert alert["annotations"]["description"].endswith(".")


def test_the_names_of_groups_are_the_files_own() -> None:
    for file in RULES:
        (group,) = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        assert group["name"] == f"rockseg-{file.stem}"


def test_what_a_rule_reads_of_another_is_recorded_before_it_in_its_own_group() -> None:
    for file in RULES:
        known: set[str] = set()
        for rule in rules(file):
            used = {word.strip("()") for word in rule["expr"].split() if "rockseg:" in word}
            assert used <= known, (file.stem, _name(rule))
            known.add(_name(rule))


def _name(rule: dict[str, Any]) -> str:
    return str(rule.get("alert") or rule["record"])
