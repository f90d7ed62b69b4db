import re

import yaml
from tests.chart.chart import CHART, Tool
from tests.chart.readme import ARGUMENTS


def test_the_readme_is_what_helm_docs_makes_of_the_values(run_tool: Tool) -> None:
    made = run_tool("helm-docs", ARGUMENTS)

    assert made.returncode == 0, made.said
    assert (CHART / "README.md").read_text(encoding="utf-8") == made.stdout, "run `python -m tests.chart.readme`"


def test_every_value_is_described() -> None:
    """In the table: helm-docs lists a value that nobody described, with an empty cell."""
    rows = [line for line in (CHART / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    values = [row for row in cells if len(row) == 4 and row[0] not in {"Key", "controller"}]

    assert len(values) > 150
    assert [row[0] for row in values if not row[3]] == []


def test_the_entries_of_the_secret_are_those_that_the_values_name() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    named = {
        values["api"]["keys"]["entry"],
        values["s3"]["credentials"]["fileEntry"],
        values["kafka"]["sasl"]["passwordEntry"],
    }
    readme = (CHART / "README.md").read_text(encoding="utf-8")

    assert {entry for entry in named if f"| `{entry}` |" in readme} == named
