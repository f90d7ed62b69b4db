"""Each alert has a runbook that says what it means, how to check it and how to mend it, by commands that there are."""

import re
import shlex
from pathlib import Path

import pytest
import rich_click as click
from tests.observability.shipped import DASHBOARDS, METRICS, ROOT, RULES, RUNBOOKS, alerts, panels

from rockseg_api.entrypoints.cli import main

SECTIONS = ["What it means", "How to check", "How to mend"]
FILES = sorted(file for file in RUNBOOKS.glob("*.md") if file.name != "README.md")

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def sections(file: Path) -> dict[str, str]:
    _, *parts = re.split(r"^## (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_there_is_one_for_each_alert_and_no_other() -> None:
    assert {file.stem for file in FILES} == {file.stem for file in RULES}


@each_file
def test_it_says_what_it_means_how_to_check_and_how_to_mend_by_command(file: Path) -> None:
    (rule,) = (rule for rule in RULES if rule.stem == file.stem)
    assert file.read_text(encoding="utf-8").startswith(f"# {alerts(rule)[0]['alert']}\n")
    said = sections(file)
    assert list(said) == SECTIONS
    for section in SECTIONS[1:]:
        assert "```console\n" in said[section] or "  ```console\n" in said[section], section


@each_file
def test_its_commands_settings_and_metrics_are_ours(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for words in re.findall(r"rockseg-api ((?:dead-letter|store|topics|keys)[^`#|\n]*)", text):
        _parsed(shlex.split(words))
    documented = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"ROCKSEG_\w+", text):
        assert f"`{name}`" in documented, name
    assert set(re.findall(r"rockseg_\w+", text)) <= METRICS.keys()


@each_file
def test_its_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
        assert (file.parent / target).is_file(), target


@each_file
def test_the_panels_that_it_names_are_on_a_dashboard(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("\n", " ")
    titles = {panel["title"] for board in DASHBOARDS for panel in panels(board)}
    prose = re.sub(r"```.*?```|`[^`]*`", "", text)
    assert set(re.findall(r'"([^"]+)"', prose)) <= titles


def test_the_index_names_each_with_its_severities() -> None:
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    for file in RULES:
        severities = sorted({alert["labels"]["severity"] for alert in alerts(file)})
        assert f"| [{alerts(file)[0]['alert']}]({file.stem}.md) | {', '.join(severities)} |" in index


def _parsed(words: list[str]) -> None:
    """Raises click's error for a command or option that there is not."""
    command: click.Command = main
    context = click.Context(command)
    while isinstance(command, click.Group):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    command.make_parser(context).parse_args([word for word in words if word != "|"])
