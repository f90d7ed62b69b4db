"""How well a model does on drawn cores whose families training never saw, beside what colour alone tells of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from rockseg_core.domain.arrays import Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_model.photo import segment
from rockseg_training.datasets.photo import Photo
from rockseg_training.evaluate import Tally
from rockseg_training.evaluation.colour_baseline import ColourBaseline, fitted
from rockseg_training.evaluation.judge import Model
from rockseg_training.evaluation.sureness import Sureness
from rockseg_training.labels import Labels, LabelSpace, translation
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import draw_crop
from rockseg_training.synthetic.families.family import Which

SEED: Final = 30_000_000  # no training has it
JUDGED: Final = 1000  # the first crop that is judged: those before are for whoever chooses a network by looking
HEIGHT, WIDTH = 512, 256
NAME: Final = "drawn cores of families never seen"


@dataclass
class DrawnJudgement:
    """Tally and sureness over all crops."""

    tally: Tally
    sureness: Sureness


def unseen_crops(count: int, space: LabelSpace, first: int = 0) -> Iterator[Photo]:
    """In the labels of `space`; what a class of the reference is not known as there is rock."""
    return _crops(range(first, first + count), SEED, "held_out", space)


def seen_crops(count: int, space: LabelSpace) -> Iterator[Photo]:
    """Of the families that training has, with other seeds than it uses."""
    return _crops(range(count), SEED + 1, "train", space)


def _crops(numbers: range, seed: int, families: Which, space: LabelSpace) -> Iterator[Photo]:
    table = translation(REFERENCE, space)
    for number in numbers:
        crop = draw_crop((seed, number), HEIGHT, WIDTH, families=families)
        yield Photo(f"drawn/{number}", str(number), crop.pixels, table[crop.mask], crop.core_width_px)


def judge_drawn(model: Model, space: LabelSpace, count: int, step: Callable[[], None]) -> DrawnJudgement:
    """The width of a core is told: it is known, and a tile of two cores' widths has no room for a first pass."""
    judgement = DrawnJudgement(Tally(space), Sureness())
    for crop in unseen_crops(count, space, JUDGED):
        result = segment(crop.pixels, JobOptions(core_width_px=round(crop.core_width_px, 2)), model.segmenter)
        said = model.table[result.mask]
        judgement.tally.add(said, crop.labels)
        judgement.sureness.judge(result.confidence, said, crop.labels, space)
        step()
    return judgement


def drawn_baseline(space: LabelSpace, count: int, step: Callable[[], None]) -> ColourBaseline:
    """Fitted on `count` crops of the families that training has."""

    def crops() -> Iterator[tuple[Pixels, Labels, float]]:
        for crop in seen_crops(count, space):
            step()
            yield crop.pixels, crop.labels, crop.core_width_px

    return fitted(len(space.classes), crops())


def judge_baseline(baseline: ColourBaseline, space: LabelSpace, count: int, step: Callable[[], None]) -> Tally:
    """On the crops that `judge_drawn` judges."""
    tally = Tally(space)
    for crop in unseen_crops(count, space, JUDGED):
        tally.add(baseline.predict(crop.pixels, crop.core_width_px), crop.labels)
        step()
    return tally
