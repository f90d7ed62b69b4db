"""`rockseg train`: what is shown while a model is trained on somebody's photos."""

from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typing_extensions import override

from rockseg_standalone.terminal import plain
from rockseg_training import train as training
from rockseg_training.site import SiteOptions, figures_folder, train_site
from rockseg_training.trainer import CHECKPOINT
from rockseg_training.trainer import Progress as Steps

DEFAULT_STEPS: Final = 1200  # 20 minutes on two cores

console = plain(stderr=True)


class Bar(training.Watcher):
    """A bar with the time left, and a line for each look at the held-out photos."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._task = progress, progress.add_task("Training", total=None)

    @override
    def stepped(self, progress: Steps, pace_seconds: float) -> None:
        self._progress.update(
            self._task,
            total=progress.total or None,
            completed=progress.step,
            description=f"Training, loss {progress.loss:.3f}",
        )

    @override
    def checked(self, progress: Steps) -> None:
        console.print(_checked(progress))


class Log(training.Lines):
    """Where nobody looks at a terminal: lines."""

    def __init__(self) -> None:
        super().__init__(console.print)

    @override
    def checked(self, progress: Steps) -> None:
        console.print(_checked(progress))


def train_photos(options: SiteOptions) -> None:
    """Raises DatasetError, SettingsError and BundleError with sentences for who labelled the photos."""
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=console) as progress:
            bundle = train_site(options, Bar(progress), console.print)
    else:
        bundle = train_site(options, Log(), console.print)
    console.print(f"{bundle.manifest.name} {bundle.manifest.version} is in {options.out}; its card has the figures.")
    console.print(f"Confusion matrix and worst photos: {figures_folder(options.out)}")
    console.print(f"Use it with: rockseg segment --model {options.out} PHOTO")


def interrupted(options: SiteOptions) -> None:
    there = (options.checkpoints / CHECKPOINT).exists()
    console.print(f"Stopped. The same command {'goes on from its last checkpoint' if there else 'begins again'}.")


def _checked(progress: Steps) -> str:
    step, score = progress.scores[-1]
    best_step, best = progress.best
    if not step:
        return f"Before training: mean IoU {score:.3f} on the held-out photos."
    kept = "the best so far" if best_step == step else f"the best was {best:.3f} at step {best_step}"
    ended = " It no longer gets better: done." if progress.stopped else ""
    return f"Step {step}: mean IoU {score:.3f} on the held-out photos, {kept}.{ended}"
