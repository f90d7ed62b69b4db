"""The model card of a bundle that somebody trained on photos of their own."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rockseg_training.held_out import mean_iou
from rockseg_training.labels import LabelSpace
from rockseg_training.site_figures import Calibration, Judgement
from rockseg_training.trainer import Progress


@dataclass(frozen=True)
class SiteCard:
    """All that the card tells; `before` is the starting bundle on the same photos and drawn cores."""

    name: str
    version: str
    start: str  # name and version of the starting bundle
    space: LabelSpace
    known: int  # classes of the starting bundle
    shown: Mapping[str, int]  # training photos that show a class
    training_photos: int
    holes: Sequence[str]
    held_out_holes: Sequence[str]
    progress: Progress
    photo_share: float
    seed: int
    threads: int
    device: str
    before: Judgement
    after: Judgement
    calibration: Calibration

    def write(self) -> str:
        """Markdown. Figures that are bad stand beside those that are good."""
        return "\n".join([
            f"# {self.name} {self.version}\n",
            self._training(),
            "## What it measured: photos\n",
            self._photos(),
            "## What it measured: drawn cores, to see what it forgot\n",
            self._drawn(),
            "## What not to use it for\n",
            self._limits(),
        ])  # fmt: skip

    def _training(self) -> str:
        new = [rock.name for rock in self.space.classes[self.known :]]
        grew = f" New to it: {', '.join(new)}." if new else ""
        ended = f", of at most {self.progress.total}: it no longer got better" if self.progress.stopped else ""
        best, _ = self.progress.best
        kept = (
            f" The weights kept are those of step {best}, the best on held-out photos." if self.progress.scores else ""
        )
        kinds = ", ".join(f"{name} ({count})" for name, count in self.shown.items() if count)
        return _filled(
            f"Trained on from {self.start} with {self.training_photos} labelled photos of {len(self.holes)} holes "
            f"({', '.join(self.holes)}); in so many of them is: {kinds or 'rock of unnamed kinds only'}.{grew} "
            f"{self.progress.step} steps{ended}, {self.progress.seconds / 60:.0f} minutes on {self.device} "
            f"({self.threads} threads), seed {self.seed}. Of the crops, {100 * self.photo_share:.0f} % were cut from "
            f"these photos; the others were drawn cores, so that it keeps what it knew.{kept}"
        )

    def _photos(self) -> str:
        if self.held_out_holes:
            what = (
                f"{len(self.after.photos)} photos of {', '.join(self.held_out_holes)}, which training never saw, but "
                "by which it was decided when to stop. The scale was taken from the labels."
            )
        else:
            what = (
                "There was no hole to hold out: these are figures of the photos that it was trained on, and say next "
                "to nothing of others."
            )
        rows = [
            f"| {rock.name} | {_figure(old)} | {_figure(new)} | {_figure(found)} | {_figure(right)} |"
            for rock, old, new, found, right in zip(
                self.space.classes,
                self.before.together.class_iou(),
                self.after.together.class_iou(),
                _ratio(self.after.together.confusion, 1),
                _ratio(self.after.together.confusion, 0),
                strict=True,
            )
            if not np.isnan(old) or not np.isnan(new)
        ]
        head = "| class | IoU before | IoU now | recall | precision |\n|---|---|---|---|---|"
        means = f"| **mean of what is labelled** | {mean_iou(self.before.together):.3f} | "
        means += f"**{mean_iou(self.after.together):.3f}** | | |"
        rocks = [tally.rock_iou() for tally in (self.before.together, self.after.together)]
        rock = f"| rock of any kind | {_figure(rocks[0][0])} | {_figure(rocks[1][0])} | | |"
        photos = "\n".join(
            f"- {judged.photo.name} ({judged.photo.hole}): {judged.right:.2f}" for judged in self.after.worst
        )
        return "\n".join(
            [
                _filled(what),
                head,
                *rows,
                means,
                rock,
                "",
                "The worst of them, by the share of what is labelled that is right, or one of its kinds:",
                "",
                photos,
                "",
            ]
        )

    def _drawn(self) -> str:
        old, new = mean_iou(self.before.drawn), mean_iou(self.after.drawn)
        sure = "held-out photos" if self.calibration.on_photos else "drawn cores, for want of held-out rock"
        error = self.calibration.error
        return _filled(
            f"Mean IoU on drawn cores of seeds never trained on: {old:.3f} before, {new:.3f} now."
        ) + "\n" + _filled(
            f"Temperature {self.calibration.temperature}, `confident` {self.calibration.confident}: of the pixels "
            f"called rock that are surer than this, nine in ten were right on {sure} (0.95 if there is no such point)."
            + ("" if np.isnan(error) else f" Expected calibration error on others of them: {error:.3f}.")
        )  # fmt: skip

    def _limits(self) -> str:
        unseen = ", ".join(name for name, count in self.shown.items() if not count)
        lines = [
            "It knows the rocks of these holes; of another hole or another camera, look at its results first.",
            "A photo cannot tell dolomite from limestone, nor anhydrite from pale carbonate, with any certainty.",
        ]
        if unseen:
            lines.append(f"No photo here shows {unseen}: what the card of {self.start} says of them holds.")
        return "".join(
            textwrap.fill(line, 118, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False) + "\n"
            for line in lines
        )


def _ratio(confusion: np.ndarray[tuple[int, ...], np.dtype[np.int64]], axis: int) -> list[float]:
    """Recall (axis 1) or precision (axis 0) of each class; nan where nothing is there, or was said."""
    hits, total = np.diag(confusion), confusion.sum(axis)
    return [float(hit / all_) if all_ else float("nan") for hit, all_ in zip(hits, total, strict=True)]


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _filled(text: str) -> str:
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False) + "\n"
