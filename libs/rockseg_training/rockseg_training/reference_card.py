"""`python -m rockseg_training.reference_card`: the reference's card, from the figures of its folds and full run."""

import argparse
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rockseg_core.domain.errors import RocksegError, SettingsError
from rockseg_model.bundle import load_bundle
from rockseg_model.bundle_writer import write_bundle
from rockseg_model.weights import unpack
from rockseg_training.card_tables import changed, classes, contacts, drawn, over_folds, photos, rows, things
from rockseg_training.card_text import CREDITS, LIMITS, WHAT
from rockseg_training.folds import FOLDS
from rockseg_training.reference_runs import default_checkpoints, read_figures, run_folder

FULL: Final = "all"

HOW_FOLDS: Final = """\
The bundle is trained on all photos, so nothing of them is left to measure it on: these figures are of the same recipe,
trained {how} the photos named. They were read as a user's photos are, scale included.
*Kind possible*: of the pixels of rock, the share called one of the kinds that the rock may be by its source.
Calibration errors, those of drawn cores too, are with the temperature that each run fitted at its end; the bundle's was
fitted anew afterwards, on more, and its own error stands in the manifest.
"""

Figures = Mapping[str, Any]


def write_card(figures: Mapping[str, Figures], name: str, version: str) -> str:
    """Markdown. `figures` by fold, as train_reference writes them; a fold that is missing is named as missing."""
    folds = {fold: figures[fold] for fold in FOLDS if fold != FULL and fold in figures}
    missing = [fold for fold in FOLDS if fold not in figures]
    parts = [f"# {name} {version}\n", WHAT, "## How it was trained\n"]
    parts += [_run(fold, of_fold) for fold, of_fold in figures.items()]
    if missing:
        parts.append(f"\nNot measured yet: {', '.join(f'fold {fold}' for fold in missing)}.")
    parts[-1] += "\n"
    if FULL in figures:
        parts += ["## What it measured: drawn cores of families that training never saw\n", drawn(figures[FULL])]
    if folds:
        parts += [
            "## What its folds measured: real photos that they never saw\n",
            HOW_FOLDS.format(how=_how(figures)),
            over_folds(folds),
            photos(folds),
            things(folds),
            rows(folds),
            classes(folds),
            contacts(folds),
            changed(folds),
        ]
    parts += ["## What not to use it for, and what it cannot tell\n", LIMITS, "## Credits\n", CREDITS]
    return "\n".join(part for part in parts if part)


def _how(figures: Mapping[str, Figures]) -> str:
    most = figures[FULL]["steps"] if FULL in figures else 0
    fewer = any(of_fold["steps"] < most for of_fold in figures.values())
    return "for fewer steps and without" if fewer else "without"


def _run(fold: str, figures: Figures) -> str:
    which = "The bundle" if fold == FULL else f"Fold {fold}"
    learnt = sum(figures["learnt"].values())
    cores = f"{figures['threads']} processor core{'s' if figures['threads'] > 1 else ''}"
    stages = figures["second_stages"]
    line = (
        f"- {which}: {figures['pretraining_steps']} steps on drawn cores in {figures['pretraining_minutes']:.0f} "
        f"minutes, the same for all; then {stages} times {figures['steps'] // stages} on drawn cores and {learnt} real "
        f"photos and crops, each from the same beginning, {figures['minutes']:.0f} minutes together, these on {cores}. "
        f"The weights are at {figures['second_stage_share']:g} of the way; seed {figures['seed']}."
    )
    return textwrap.fill(line, 118, subsequent_indent="  ", break_on_hyphens=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 2 where a run is not done."""
    parser = argparse.ArgumentParser(prog="python -m rockseg_training.reference_card", description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="?", default=default_checkpoints())
    parser.add_argument("--version", help="of the bundle; default: that of the full run's")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the full run's bundle with its card")
    options = parser.parse_args(arguments)
    try:
        write_reference_card(options.checkpoints, options.out, options.version)
    except RocksegError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 2
    sys.stdout.write(f"written: {options.out}\n")
    return 0


def write_reference_card(checkpoints: Path, out: Path, version: str | None = None) -> None:
    """The full run's bundle once more in `out`, with the card. Raises SettingsError without it, BundleError."""
    figures = read_figures(checkpoints)
    if FULL not in figures:
        raise SettingsError(f"{checkpoints} has no figures of the full run yet.")
    bundle = load_bundle(run_folder(checkpoints, FULL, "half") / "bundle")
    manifest = bundle.manifest
    chosen = version or manifest.version
    write_bundle(
        out,
        name=manifest.name,
        version=chosen,
        classes=manifest.classes,
        core_width_px=manifest.core_width_px,
        tile_shapes=manifest.tile_shapes,
        normalisation=manifest.normalisation,
        temperature=manifest.temperature,
        thresholds=manifest.thresholds,
        state_dict=unpack(bundle.weights),
        card=write_card(figures, manifest.name, chosen),
        calibration=manifest.calibration,
        threshold_sources=manifest.threshold_sources,
    )


if __name__ == "__main__":
    sys.exit(main())
