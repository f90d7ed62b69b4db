"""The chart, the least that its values must say, and how its tools are run."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

CHART: Final = Path(__file__).parents[2] / "deploy" / "helm" / "rockseg"

# All that an installation must say.
FOUR: Final[dict[str, Any]] = {
    "kafka": {"brokers": "kafka:9092"},
    "s3": {"endpoint": "https://s3.example.org"},
    "existingSecret": "rockseg",
    "ingress": {"host": "cores.example.org"},
}


class Ran(subprocess.CompletedProcess[str]):
    """A tool's run; `said` is all that it said."""

    @property
    def said(self) -> str:
        return f"{self.stdout}{self.stderr}"


Tool = Callable[..., Ran]


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Helm lays values over others."""
    together = dict(base)
    for name, value in over.items():
        below = base.get(name)
        together[name] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return together
