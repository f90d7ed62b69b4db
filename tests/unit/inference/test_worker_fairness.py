import threading
from collections.abc import Sequence

from inference_works import TiledNull, Works, png, until
from typing_extensions import override

from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.segmenter import Tile
from rockseg_inference.settings import WorkerSettings

HUGE, SMALL = 60, 1  # tiles


class Held(TiledNull):
    """A device that waits at its first batch until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.go = threading.Event(), threading.Event()

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        self.held.set()
        assert self.go.wait(20)
        return super().forward(tiles)


async def test_a_huge_photo_does_not_starve_small_ones_that_come_after_it(works: Works) -> None:
    works.limits = WorkerSettings(batch_tiles=2)
    works.segmenter = segmenter = Held()
    works.start()
    huge = await works.submit(png(width=HUGE * 64))
    await until(segmenter.held.is_set)
    small = [await works.submit(png((5, 5, index), width=SMALL * 64)) for index in range(3)]
    await until(lambda: all(works.kinds(request) for request in small))
    segmenter.go.set()
    await until(works.ended(huge, *small))
    finished = [event.job_id for event in works.log.events() if event.kind is JobStatus.FINISHED]
    assert finished[-1] == huge.job_id
    assert max(segmenter.batch_sizes) <= 2


async def test_a_photo_erased_in_the_middle_of_a_long_round_is_not_computed_to_its_end(works: Works) -> None:
    works.limits = WorkerSettings(batch_tiles=2)
    works.segmenter = segmenter = Held()
    works.start()
    huge = await works.submit(png(width=HUGE * 64))
    await until(segmenter.held.is_set)
    works.erase_photo(huge)
    segmenter.go.set()
    await until(lambda: works.outcomes("erased"))
    assert sum(segmenter.batch_sizes) <= 6
