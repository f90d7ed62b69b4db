"""One model over a dataset's photos, as its users run it, and everything that is counted on the way."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.job import JobOptions
from rockseg_core.ports.segmenter import Segmenter
from rockseg_model.photo import segment
from rockseg_training.datasets.photo import Dataset, Entry, Photo
from rockseg_training.datasets.shared import MaskedBox
from rockseg_training.datasets.strips import Strip
from rockseg_training.evaluate import Tally
from rockseg_training.evaluation.contacts import ContactErrors
from rockseg_training.evaluation.row_answers import PAIRS, RowAnswer, answers
from rockseg_training.evaluation.steadiness import steadiness
from rockseg_training.evaluation.sureness import Sureness
from rockseg_training.labels import UNLABELLED, LabelSpace, space_of, translation
from rockseg_training.worst_photos import MOST, Judged

MOST_SHEET_CORE_PX: Final = 80.0  # of a photo kept for the sheet of worst photos
MOST_STEADINESS: Final = 24  # photos changed in all those ways: each costs as much as 7 others


@dataclass(frozen=True)
class Model:
    """A bundle ready to run, in the space that it is judged in; `shifted`: the same with its tile grid half a tile off.

    `table` (256,) turns its mask into labels of the space.
    """

    name: str
    segmenter: Segmenter
    table: NDArray[np.uint8]
    shifted: Segmenter | None = None


@dataclass
class Judgement:
    """Of one model. `sources` by what stands before the `/` in a photo's name, `called_rock` by what is no rock."""

    space: LabelSpace
    together: Tally = field(init=False)
    photos: dict[str, Tally] = field(default_factory=dict)
    sureness: dict[str, Sureness] = field(default_factory=lambda: defaultdict(Sureness))
    contacts: ContactErrors = field(default_factory=ContactErrors)
    called_rock: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    rows: dict[tuple[str, str], list[RowAnswer]] = field(default_factory=lambda: defaultdict(list))
    steadiness: dict[str, dict[str, float]] = field(default_factory=dict)
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    worst: list[Judged] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.together = Tally(self.space)

    @property
    def all_sureness(self) -> Sureness:
        """All photos together."""
        return Sureness(sum((part.counts for part in self.sureness.values()), Sureness().counts))


def model_of(segmenter: Segmenter, space: LabelSpace, shifted: Segmenter | None = None) -> Model:
    """`space` has all classes of the segmenter's, by name."""
    manifest = segmenter.manifest
    return Model(
        f"{manifest.name} {manifest.version}", segmenter, translation(space_of(manifest.classes), space), shifted
    )


def judge(model: Model, dataset: Dataset, space: LabelSpace, step: Callable[[], None], *, changed: bool) -> Judgement:
    """`dataset` is in `space`; `step` is called after each photo. `changed`: measure steadiness too."""
    judgement = Judgement(space)
    every = max(1, -(-len(dataset.entries) // MOST_STEADINESS))
    for number, entry in enumerate(dataset.entries):
        photo = dataset.read(entry)
        result = segment(photo.pixels, JobOptions(), model.segmenter)
        said = model.table[result.mask]
        _count(judgement, entry, photo, said)
        judgement.warnings[photo.name] = result.warnings
        judgement.sureness[source_of(photo.name)].judge(result.confidence, said, photo.labels, space)
        if changed and number % every == 0:
            judgement.steadiness[photo.name] = steadiness(photo.pixels, result.mask, model.segmenter, model.shifted)
        step()
    return judgement


def source_of(name: str) -> str:
    """What stands before the `/` in a photo's name."""
    return name.partition("/")[0] if "/" in name else "photos"


def _count(judgement: Judgement, entry: Entry, photo: Photo, said: NDArray[np.uint8]) -> None:
    space, name = judgement.space, photo.name
    judgement.photos[name] = Tally(space)
    for tally in (judgement.photos[name], judgement.together):
        tally.add(said, photo.labels)
    judgement.contacts.add(photo.labels, said, photo.core_width_px)
    for thing, there in things_of(entry, photo):
        judgement.called_rock[thing][0] += int((said[there] > 0).sum())
        judgement.called_rock[thing][1] += int(there.sum())
    for pair in PAIRS:
        if isinstance(entry, (MaskedBox, Strip)) and set(pair) <= set(space.names):
            judgement.rows[pair] += answers(photo, entry.rows(entry.labels()), pair, said, space)
    known = photo.labels != UNLABELLED
    right = float(space.allowed()[photo.labels[known], said[known]].mean()) if known.any() else 1.0
    small = replace(photo, labels=np.asarray(photo.labels)).reduced(MOST_SHEET_CORE_PX)
    said_small = cv2.resize(said, small.labels.shape[1::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    worst = [*judgement.worst, Judged(small, said_small, right)]
    judgement.worst = sorted(worst, key=lambda judged: judged.right)[:MOST]


def things_of(entry: Entry, photo: Photo) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """What is no rock in a photo, by name, (h, w): as the labels tell it apart."""
    if isinstance(entry, MaskedBox):
        yield from entry.things()
    else:
        yield "background", photo.labels == 0
