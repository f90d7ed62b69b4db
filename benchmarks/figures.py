"""What was measured: printed as a table, written as benchmarks/latest.json."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

LATEST = Path(__file__).parent / "latest.json"


@dataclass(frozen=True)
class Figure:
    """`better` says which direction is good; `goal` is None for a figure that only explains others."""

    value: float
    unit: str
    goal: float | None = None
    better: Literal["higher", "lower"] = "higher"

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal


def write(figures: dict[str, Figure]) -> None:
    LATEST.write_text(json.dumps({name: asdict(figure) for name, figure in figures.items()}, indent=2) + "\n")
    table = Table("figure", "value", "unit", "goal", "")
    for name, figure in figures.items():
        sign = "≥" if figure.better == "higher" else "≤"
        goal = "" if figure.goal is None else f"{sign} {figure.goal:g}"
        table.add_row(
            name, f"{figure.value:.3g}", figure.unit, goal, {None: "", True: "met", False: "MISSED"}[figure.met]
        )
    Console().print(table)
