"""The bare loop: what `rockseg segment`, evaluation and the bench's baseline run."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rockseg_core.domain.arrays import Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.ports.segmenter import Segmenter, Tile

BATCH_TILES: Final = 8  # as the worker's


def segment(photo: Pixels, options: JobOptions, segmenter: Segmenter) -> Segmentation:
    """One photo, (H, W, 3) uint8 upright RGB. Raises UsageError for its options, FatalError."""
    plan = segmenter.plan(photo, options)
    while tiles := plan.tiles():
        for batch in _batches(tiles):
            plan.add(batch, segmenter.forward(batch))
    return segmenter.stitch(plan)


def _batches(tiles: Sequence[Tile]) -> Iterator[Sequence[Tile]]:
    """Of one shape each, as the network wants them."""
    for _, of_shape in groupby(tiles, key=lambda tile: tile.shape):
        alike = list(of_shape)
        yield from (alike[begin : begin + BATCH_TILES] for begin in range(0, len(alike), BATCH_TILES))
