"""`rockseg evaluate`: one or two bundles over somebody's labelled photos and over drawn cores, beside colour alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from rockseg_model.bundle import Bundle, load_bundle
from rockseg_model.segmenter import TorchSegmenter
from rockseg_training.datasets.errors import DatasetError, listed
from rockseg_training.datasets.photo import Dataset
from rockseg_training.datasets.read import read_dataset
from rockseg_training.datasets.shared import MaskedBox
from rockseg_training.datasets.strips import Strip
from rockseg_training.evaluate import Tally
from rockseg_training.evaluation.colour_baseline import is_installed
from rockseg_training.evaluation.drawn_cores import drawn_baseline, judge_baseline, judge_drawn
from rockseg_training.evaluation.judge import Model, judge, model_of
from rockseg_training.evaluation.photo_baseline import judge_photos
from rockseg_training.evaluation.pictures import write_pictures
from rockseg_training.evaluation.results import Results
from rockseg_training.evaluation.row_answers import PAIRS, RowAnswer, answers
from rockseg_training.labels import LabelSpace, joined, space_of

FIGURES: Final = "figures.json"
TREES_DRAWN: Final = 60  # drawn crops that colour alone learns from, where nothing else is said


class Watcher(Protocol):
    """Who is told how far it is."""

    def begin(self, what: str, steps: int) -> Callable[[], None]:
        """A part of the work begins; the answer is to be called after each step of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is measured: `drawn` crops of drawn cores (0: none), steadiness (`changed`), colour alone (`baseline`)."""

    drawn: int = 100
    changed: bool = True
    baseline: bool = True


def evaluate_bundles(
    bundles: Sequence[Path],
    data: Path,
    out: Path,
    scope: Scope,
    watcher: Watcher,
    *,
    only: frozenset[str] = frozenset(),
    device: str = "auto",
) -> list[Results]:
    """Write figures.json and the pictures to `out`; of `only`, holes or photos by name, if any: colour learns the rest.

    Raises BundleError, DatasetError and SettingsError.
    """
    loaded = [load_bundle(folder) for folder in bundles]
    space = space_of(loaded[0].manifest.classes)
    for bundle in loaded[1:]:
        space = joined(space, space_of(bundle.manifest.classes))
    dataset = read_dataset(data, space)
    space = joined(space, dataset.space)
    judged, rest = _chosen(dataset.into(space), only)
    models = [_model(bundle, space, device, changed=scope.changed) for bundle in loaded]
    results = evaluate_models(models, judged, space, scope, watcher, rest)
    write_results(out, results)
    return results


def evaluate_models(
    models: Sequence[Model],
    judged: Dataset,
    space: LabelSpace,
    scope: Scope,
    watcher: Watcher,
    learnt: Dataset | None = None,
) -> list[Results]:
    """`judged` and `learnt` are in `space`; colour alone and a brightness threshold may learn from `learnt` too."""
    learnt = learnt or replace(judged, entries=())
    colour = scope.baseline and is_installed()
    photo_baseline: dict[str, Tally] = {}
    if colour and judged.entries:
        step = watcher.begin("colour alone, on the photos", len(judged.entries))
        photo_baseline = judge_photos(judged, learnt, space, TREES_DRAWN, step)
    trees: Tally | None = None
    if colour and scope.drawn:
        step = watcher.begin("colour alone, on drawn cores", 2 * scope.drawn)
        trees = judge_baseline(drawn_baseline(space, scope.drawn, step), space, scope.drawn, step)
    rows = learnt_rows(learnt, space)
    results = []
    for model in models:
        step = watcher.begin(f"{model.name}, on the photos", len(judged.entries))
        photos = judge(model, judged, space, step, changed=scope.changed) if judged.entries else None
        drawn = None
        if scope.drawn:
            step = watcher.begin(f"{model.name}, on drawn cores", scope.drawn)
            drawn = judge_drawn(model, space, scope.drawn, step)
        results.append(Results(model.name, photos, drawn, photo_baseline, trees, rows))
    return results


def write_results(out: Path, results: Sequence[Results], more: dict[str, Any] | None = None) -> list[Path]:
    """figures.json and pictures."""
    files = write_pictures(out, results)
    content = {**(more or {}), "models": [result.as_json() for result in results]}
    (out / FIGURES).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    return [out / FIGURES, *files]


def learnt_rows(learnt: Dataset, space: LabelSpace) -> dict[tuple[str, str], list[RowAnswer]]:
    """Rows of known rock among photos to learn from, for a brightness threshold to be fitted on."""
    found: dict[tuple[str, str], list[RowAnswer]] = {pair: [] for pair in PAIRS if set(pair) <= set(space.names)}
    for entry in learnt.entries:
        if isinstance(entry, (MaskedBox, Strip)) and (rows := entry.rows(entry.labels())):
            photo = learnt.read(entry)
            for pair in found:
                found[pair] += answers(photo, rows, pair, np.zeros_like(photo.labels), space)
    return found


def _chosen(dataset: Dataset, only: frozenset[str]) -> tuple[Dataset, Dataset]:
    """What is asked for, or all, and the rest. Raises DatasetError for a name that no hole and no photo has."""
    names = {entry.name for entry in dataset.entries}
    if unknown := sorted(only - names - set(dataset.holes)):
        raise DatasetError(f"No photo is of {listed(unknown)}; there are {listed(dataset.holes)}.")
    chosen = tuple(entry for entry in dataset.entries if not only or {entry.name, entry.hole} & only)
    rest = tuple(entry for entry in dataset.entries if entry not in chosen)
    return replace(dataset, entries=chosen), replace(dataset, entries=rest)


def _model(bundle: Bundle, space: LabelSpace, device: str, *, changed: bool) -> Model:
    shifted = TorchSegmenter.of(bundle, device=device, shifted=True) if changed else None
    return model_of(TorchSegmenter.of(bundle, device=device), space, shifted)
