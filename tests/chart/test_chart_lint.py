from pathlib import Path

import pytest
from tests.chart.chart import CHART, Tool

SETS = sorted((CHART / "ci").glob("*-values.yaml"), key=lambda path: path.name)


@pytest.mark.parametrize("values", SETS, ids=lambda path: path.stem.removesuffix("-values"))
def test_helm_finds_nothing_to_say_of_the_chart(run_tool: Tool, values: Path) -> None:
    done = run_tool("helm", ["lint", "--strict", CHART, "--values", values])

    assert done.returncode == 0, done.said
    assert "[WARNING]" not in done.said
    assert "[ERROR]" not in done.said
