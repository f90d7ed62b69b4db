"""`rockseg evaluate`: progress, and the table at its end."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from typing_extensions import override

from rockseg_core.domain.errors import SettingsError
from rockseg_standalone.terminal import plain
from rockseg_training.evaluation.colour_baseline import is_installed
from rockseg_training.evaluation.evaluation import FIGURES, Scope, Watcher, evaluate_bundles
from rockseg_training.evaluation.table import Line, lines_of

console = plain(stderr=True)


class Bars(Watcher):
    """A bar a part, with the time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @override
    def begin(self, what: str, steps: int) -> Callable[[], None]:
        task = self._progress.add_task(what, total=steps)
        return lambda: self._progress.advance(task)


class Said(Watcher):
    """Where nobody looks at a terminal: a line a part."""

    @override
    def begin(self, what: str, steps: int) -> Callable[[], None]:
        console.print(f"Measuring {what}: {steps}.")
        return lambda: None


def evaluate_photos(
    bundles: Sequence[Path],
    data: Path,
    folder: Path,
    scope: Scope,
    only: frozenset[str],
    *,
    device: str,
    force: bool,
) -> None:
    """Raises BundleError, DatasetError and SettingsError with sentences for who labelled the photos."""
    if (folder / FIGURES).exists() and not force:
        raise SettingsError(f"{folder} has figures already; --force replaces them.")
    if scope.baseline and not is_installed():
        console.print("Colour alone is left out: `pip install 'rockseg-training[baseline]'` brings what it needs.")
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=console) as progress:
            results = evaluate_bundles(bundles, data, folder, scope, Bars(progress), only=only, device=device)
    else:
        results = evaluate_bundles(bundles, data, folder, scope, Said(), only=only, device=device)
    figures: list[Mapping[str, Any]] = [result.as_json() for result in results]
    for part, lines in lines_of(figures):
        plain().print(_table(part, [str(one["model"]) for one in figures], lines))
    console.print(f"Figures and pictures are in {folder}.")


def _table(part: str, models: Sequence[str], lines: Sequence[Line]) -> Table:
    table = Table(title=part, title_justify="left")
    table.add_column("")
    for name in (*models, "colour alone"):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(line.name, *(_shown(value) for value in (*line.models, line.colour)))
    return table


def _shown(value: float | str | None) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.3f}"
