"""The bare loop: what `rockseg segment`, evaluation and the bench's baseline run."""

from rockseg_core.domain.arrays import Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.ports.segmenter import Segmenter


def segment(photo: Pixels, options: JobOptions, segmenter: Segmenter) -> Segmentation:
    """One photo, (H, W, 3) uint8 upright RGB, tile by tile. Raises UsageError for its options, FatalError."""
    plan = segmenter.plan(photo, options)
    while tiles := plan.tiles():
        for tile in tiles:
            plan.add([tile], segmenter.forward([tile]))
    return segmenter.stitch(plan)
