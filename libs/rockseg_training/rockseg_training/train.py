"""The training loop: batch after batch, with a look at held-out holes now and then, until it is no longer of use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

from torch import nn
from typing_extensions import override

from rockseg_training.batches import Batch
from rockseg_training.trainer import WARM_UP_STEPS, Progress, Trainer

PACE_FROM_STEP: Final = 15  # the first steps load kernels and wait for the first batches
SAY_EVERY_STEPS: Final = 20
LEAST_GAIN: Final = 0.002  # of the score; less is chance


@dataclass(frozen=True)
class Length:
    """How long to train: `steps`, counted over all runs, or else `minutes`, which this machine's speed makes steps of.

    With held-out photos it looks at them every `check_every` steps, and stops after `patience` looks without gain.
    """

    minutes: float = 0.0
    steps: int | None = None
    check_every: int = 100
    patience: int = 5


class Watcher(Protocol):
    """Who is told how the training goes."""

    def stepped(self, progress: Progress, pace_seconds: float) -> None:
        """After each step; the pace is that of this run."""
        ...

    def checked(self, progress: Progress) -> None:
        """After each look at the held-out photos."""
        ...


class Lines(Watcher):
    """A line now and then."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    @override
    def stepped(self, progress: Progress, pace_seconds: float) -> None:
        if progress.step % SAY_EVERY_STEPS == 0:
            left = f"{(progress.total - progress.step) * pace_seconds / 60:.1f} min left"
            left = left if progress.total else "measuring the pace"
            steps = f"step {progress.step}/{progress.total or '?'}"
            self._say(f"{steps}  loss {progress.loss:.3f}  {pace_seconds:.2f} s a step  {left}")

    @override
    def checked(self, progress: Progress) -> None:
        self._say(f"step {progress.step}: {progress.scores[-1][1]:.3f} on held-out photos")


def train(
    trainer: Trainer,
    batches: Iterator[Batch],
    folder: Path,
    length: Length,
    watcher: Watcher,
    *,
    score: Callable[[nn.Module], float] | None = None,
    save_every_seconds: float = 30.0,
) -> None:
    """Train to the end of `length`, or of what helps; `trainer.best` is what to keep.

    `score` is of the running mean of the weights on photos held out, the higher the better. A checkpoint is written to
    `folder` every so often and at the end. With `steps` the same seed gives the same weights, however often the
    process is killed and started again. A run that is done and is given more goes through another round.
    """
    progress = trainer.progress
    _begin_round(progress, length)
    begun, before, first, saved = monotonic(), progress.seconds, progress.step, monotonic()
    steady = progress.step, progress.seconds  # from where on the pace is measured
    if score and not progress.scores:
        trainer.scored(_score_of_mean(trainer, score))
        watcher.checked(progress)
    while not progress.stopped and (not progress.total or progress.step < progress.total):
        trainer.step(next(batches))
        progress.seconds = before + monotonic() - begun
        if progress.step == progress.begin + PACE_FROM_STEP:
            steady = progress.step, progress.seconds
        if not progress.total and progress.step >= progress.begin + WARM_UP_STEPS:
            pace = (progress.seconds - steady[1]) / (progress.step - steady[0])
            progress.total = progress.step + max(0, int((length.minutes * 60 - progress.seconds) / pace))
        watcher.stepped(progress, (progress.seconds - before) / (progress.step - first))
        if score and (progress.step % length.check_every == 0 or progress.step == progress.total):
            trainer.scored(_score_of_mean(trainer, score))
            progress.stopped = _no_longer_better(progress, length.patience)
            watcher.checked(progress)
        if monotonic() - saved > save_every_seconds:
            trainer.save(folder)
            saved = monotonic()
    if not score:
        trainer.best = trainer.mean
    trainer.save(folder)


def _begin_round(progress: Progress, length: Length) -> None:
    """A run that is done and is given more begins another round of the schedule."""
    done = progress.stopped or progress.step >= progress.total
    more = progress.total < length.steps if length.steps else progress.seconds < length.minutes * 60
    if progress.total and done and more and (length.steps or not progress.stopped):
        progress.begin, progress.total, progress.stopped = progress.step, 0, False
    if length.steps and not progress.stopped:
        progress.total = length.steps


def _score_of_mean(trainer: Trainer, score: Callable[[nn.Module], float]) -> float:
    """The mean is lent to the network for the look: a second network would need its memory again."""
    now = {name: value.detach().clone() for name, value in trainer.network.state_dict().items()}
    trainer.network.load_state_dict(trainer.mean)
    try:
        return score(trainer.network)
    finally:
        trainer.network.load_state_dict(now)


def _no_longer_better(progress: Progress, patience: int) -> bool:
    """Whether the last `patience` looks gained nothing on the best before them."""
    if len(progress.scores) <= patience:
        return False
    before = max(score for _, score in progress.scores[:-patience])
    return max(score for _, score in progress.scores[-patience:]) < before + LEAST_GAIN
