"""A distribution declares what it imports, and nothing else: an image installs what is declared."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = sorted(path.parent for folder in ("libs", "services") for path in (ROOT / folder).glob("*/pyproject.toml"))
UNIMPORTED = {
    "httptools",  # uvicorn's parser of HTTP: the same
}


def imported(package: Path) -> set[str]:
    """Distributions that the modules of `package` import, itself left out."""
    modules = set()
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    foreign = modules - sys.stdlib_module_names - {package.name}
    installed = packages_distributions()  # editable ones, as ours are here, are not in it
    return {installed.get(module, [module])[0].lower().replace("_", "-") for module in foreign}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_distribution_declares_what_it_imports_and_nothing_else(part: Path) -> None:
    described = tomllib.loads((part / "pyproject.toml").read_text(encoding="utf-8"))
    (package,) = described["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    project = described["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project.get("optional-dependencies", {}).values())]
    declared = {re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in wanted}
    assert imported(part / package) == declared - UNIMPORTED


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_what_builds_a_distribution_is_pinned(part: Path) -> None:
    described = tomllib.loads((part / "pyproject.toml").read_text(encoding="utf-8"))
    assert all("==" in requirement for requirement in described["build-system"]["requires"])
