"""The folders of the reference's runs, outside the clone, and how far each of them is."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from rockseg_core.domain.errors import SettingsError
from rockseg_training.evaluation.evaluation import FIGURES
from rockseg_training.folds import FOLDS
from rockseg_training.trainer import CHECKPOINT

PRETRAINING: Final = "pretraining"


def default_checkpoints() -> Path:
    """In the user's cache folder (XDG base directory specification)."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "rockseg" / "reference"


def run_folder(checkpoints: Path, fold: str, decoder: str) -> Path:
    """`fold` is a fold's name, or PRETRAINING."""
    stage = fold if fold == PRETRAINING else f"fold-{fold}"
    return checkpoints / (stage if decoder == "half" else f"{stage}-{decoder}-decoder")


def read_figures(checkpoints: Path) -> dict[str, Mapping[str, Any]]:
    """Of the runs that are done, by fold; one of a recipe with a single second stage is not done.

    Raises SettingsError for a file that is none of ours.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for fold in FOLDS:
        file = run_folder(checkpoints, fold, "half") / FIGURES
        if file.exists():
            try:
                figures = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
            except msgspec.DecodeError as error:
                raise SettingsError(f"{file} holds no figures.") from error
            if "second_stages" in figures:
                found[fold] = figures
    return found


COMMAND: Final = "make train-reference DATA=… {}"


def what_is_left(checkpoints: Path) -> Iterator[str]:
    """A line a run that is not done, or how to write the card."""
    done = read_figures(checkpoints)
    for fold in FOLDS:
        if fold not in done:
            begun = any(run_folder(checkpoints, fold, "half").glob(f"*/{CHECKPOINT}"))
            command = COMMAND.format("" if fold == "all" else f"FOLD={fold}").strip()
            yield f"Left: fold {fold}, {'begun' if begun else 'not begun'}: {command}"
    if len(done) == len(FOLDS):
        yield f"All runs are done: python -m rockseg_training.reference_card {checkpoints} -o BUNDLE"
