"""What training on a site's photos gained, and what it cost: measured before and after, on photos and drawn cores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from rockseg_core.domain.manifest import Normalisation
from rockseg_training import calibrate
from rockseg_training.confusion import write_confusion
from rockseg_training.datasets.photo import Dataset
from rockseg_training.evaluate import Tally, class_map, held_out_crops, logits_of
from rockseg_training.labels import UNLABELLED, LabelSpace, translation
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import Drawn
from rockseg_training.worst_photos import MOST, Judged, draw_sheet

DRAWN_CROPS: Final = 48
LEAST_SAMPLE: Final = 2000  # pixels: with fewer a temperature is chance


@dataclass(frozen=True)
class Judgement:
    """`photos` by name; `together` their sum; `drawn` on drawn cores; `worst` the photos it is least right on."""

    photos: dict[str, Tally]
    together: Tally
    drawn: Tally
    worst: Sequence[Judged]


@dataclass(frozen=True)
class Calibration:
    """`error`: expected calibration error on other pixels than the rest was fitted on; nan where there were none."""

    temperature: float
    confident: float
    error: float
    on_photos: bool


def judge(network: nn.Module, photos: Dataset, crops: Sequence[Drawn], normalisation: Normalisation) -> Judgement:
    """Of a network for all classes of the photos' space, or for the first ones of them; `crops` of `drawn_crops`."""
    space = photos.space
    tallies: dict[str, Tally] = {}
    together, worst = Tally(space), list[Judged]()
    allowed = space.allowed()
    for photo in photos.photos():
        said = class_map(network, photo, normalisation)
        tallies[photo.name] = Tally(space)
        for tally in (tallies[photo.name], together):
            tally.add(said, photo.labels)
        known = photo.labels != UNLABELLED
        right = float(allowed[photo.labels[known], said[known]].mean()) if known.any() else 1.0
        worst = sorted([*worst, Judged(photo, said, right)], key=lambda judged: judged.right)[:MOST]
    drawn = Tally(space)
    for crop in crops:
        drawn.add(logits_of(network, crop.pixels, normalisation).argmax(0), crop.mask)
    return Judgement(tallies, together, drawn, worst)


def drawn_crops(space: LabelSpace) -> list[Drawn]:
    """Of seeds that no training uses, in the labels of `space`."""
    table = translation(REFERENCE, space)
    return [Drawn(crop.pixels, table[crop.mask]) for crop in held_out_crops(DRAWN_CROPS)]


def calibrated(
    network: nn.Module, pieces: Sequence[Drawn], crops: Sequence[Drawn], normalisation: Normalisation
) -> Calibration:
    """On half of the held-out pieces, checked on the other half; on drawn crops where those show too little rock."""
    on_photos, shown = True, pieces
    logits, labels = _sample(network, shown[::2], normalisation)
    if len(labels) < LEAST_SAMPLE:
        on_photos, shown = False, crops
        logits, labels = _sample(network, shown[::2], normalisation)
    if len(labels) < LEAST_SAMPLE:  # it calls next to nothing rock
        return Calibration(1.0, 0.95, float("nan"), on_photos=False)
    temperature = calibrate.fit_temperature(logits, labels)
    threshold = calibrate.confident_threshold(calibrate.confidence(logits, temperature), logits.argmax(1) == labels)
    logits, labels = _sample(network, shown[1::2], normalisation)
    error = float("nan")
    if len(labels):
        error = calibrate.calibration_error(calibrate.confidence(logits, temperature), logits.argmax(1) == labels)
    return Calibration(temperature, threshold, error, on_photos)


def _sample(
    network: nn.Module, crops: Sequence[Drawn], normalisation: Normalisation
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    if not crops:
        return np.empty((0, 1), np.float32), np.empty(0, np.int64)
    return calibrate.sample_pixels(network, crops, normalisation)


def write_figures(folder: Path, judgement: Judgement, space: LabelSpace, *, seen: bool) -> None:
    """confusion.json, confusion.png and worst.png."""
    folder.mkdir(parents=True, exist_ok=True)
    what = "photos that it was trained on" if seen else "held-out photos"
    write_confusion(folder, judgement.together, f"Confusion, {what}")
    draw_sheet(judgement.worst, space).save(folder / "worst.png")
