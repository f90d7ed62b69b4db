"""What colour alone tells of a dataset's photos: trees fitted on the photos of other holes, and on drawn cores."""

from collections.abc import Callable
from itertools import chain
from typing import Final

from rockseg_core.domain.arrays import Pixels
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.evaluate import Tally
from rockseg_training.evaluation.colour_baseline import given
from rockseg_training.evaluation.drawn_cores import seen_crops
from rockseg_training.labels import Labels, LabelSpace

PARTS: Final = 4  # of the holes: each is judged by trees that saw the others


def judge_photos(
    photos: Dataset, learnt: Dataset, space: LabelSpace, drawn: int, step: Callable[[], None]
) -> dict[str, Tally]:
    """By photo of `photos`. Trees learn from `learnt`, from photos of the other holes, and from `drawn` drawn crops.

    `step` is called once a photo of `photos`.
    """
    tallies: dict[str, Tally] = {}
    holes = photos.holes
    common = given(len(space.classes), map(_sample, chain(learnt.photos(), seen_crops(drawn, space))))
    for part in range(min(PARTS, len(holes))):
        judged = frozenset(holes[part::PARTS])
        baseline = common.copy()
        for photo in photos.of_holes(frozenset(holes) - judged).photos():
            baseline.add(*_sample(photo))
        baseline.fit()
        for photo in photos.of_holes(judged).photos():
            tallies[photo.name] = Tally(space)
            tallies[photo.name].add(baseline.predict(photo.pixels, photo.core_width_px), photo.labels)
            step()
    return tallies


def _sample(photo: Photo) -> tuple[Pixels, Labels, float]:
    return photo.pixels, photo.labels, photo.core_width_px
