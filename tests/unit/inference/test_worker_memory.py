import gc
import weakref
from collections.abc import Iterator, Sequence

import pytest
from inference_works import POISON, Works, png, until
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.ports.segmenter import Tile
from rockseg_core.testing.null_segmenter import NullPlan, NullSegmenter, fail


class Watching(NullSegmenter):
    """Knows which of the plans and logits that it gave away are still alive."""

    def __init__(self) -> None:
        super().__init__(rounds=2, poisons={POISON: fail})
        self.plans: weakref.WeakSet[NullPlan] = weakref.WeakSet()
        self.logits: list[weakref.ref[Logits]] = []

    @override
    def plan(self, photo: Pixels, options: JobOptions) -> NullPlan:
        plan = super().plan(photo, options)
        self.plans.add(plan)
        return plan

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        logits = [each.copy() for each in super().forward(tiles)]
        self.logits += [weakref.ref(each) for each in logits]
        return logits


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What only the collector of cycles frees comes back too late: it counts objects, not their bytes."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_nothing_of_a_photo_outlives_its_job(works: Works) -> None:
    works.segmenter = segmenter = Watching()
    works.start()
    requests = [await works.submit(png((7, 7, index))) for index in range(12)]
    await until(works.ended(*requests))
    await until(lambda: works.outcomes("finished") == 12)
    await until(lambda: not segmenter.plans)
    await until(lambda: not [each for each in segmenter.logits if each() is not None])


async def test_nothing_of_a_photo_that_failed_outlives_it_for_long(works: Works) -> None:
    works.segmenter = segmenter = Watching()
    works.start()
    requests = [await works.submit(png(POISON)) for _ in range(3)]
    await until(works.ended(*requests))
    await until(lambda: works.outcomes("failed", "internal_error") == 3)
    gc.collect()
    await until(lambda: not segmenter.plans)
