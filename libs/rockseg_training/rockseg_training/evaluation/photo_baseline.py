"""What colour alone tells of a dataset's photos: trees fitted on the photos of other holes, and on drawn cores."""

from collections.abc import Callable, Iterator
from typing import Final

from rockseg_core.domain.arrays import Pixels
from rockseg_training.datasets.photo import Dataset
from rockseg_training.evaluate import Tally
from rockseg_training.evaluation.colour_baseline import fitted
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
    for part in range(min(PARTS, len(holes))):
        judged = frozenset(holes[part::PARTS])
        others = photos.of_holes(frozenset(holes) - judged)

        def samples(others: Dataset = others) -> Iterator[tuple[Pixels, Labels, float]]:
            for dataset in (learnt, others):
                for photo in dataset.photos():
                    yield photo.pixels, photo.labels, photo.core_width_px
            for crop in seen_crops(drawn, space):
                yield crop.pixels, crop.labels, crop.core_width_px

        baseline = fitted(len(space.classes), samples())
        for photo in photos.of_holes(judged).photos():
            tallies[photo.name] = Tally(space)
            tallies[photo.name].add(baseline.predict(photo.pixels, photo.core_width_px), photo.labels)
            step()
    return tallies
