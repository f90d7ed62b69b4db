"""How well the width and the number of cores are read off real photos: by a bundle, and by the geometry alone."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.report import CoreGeometry
from rockseg_model.segmenter import TorchSegmenter
from rockseg_model.tiled_segmenter import Network, TiledSegmenter
from rockseg_training.datasets.photo import Photo, mask_core_width
from rockseg_training.datasets.shared import read_shared
from rockseg_training.labels import UNLABELLED

MOST_ERROR: Final = 0.15  # of the width
# Counted by eye in the shared photos; a core that the photo's edge cuts is one.
COUNTS: Final = {
    "core-boxes/box-02": 4, "core-boxes/box-03": 4, "core-boxes/box-05": 1, "core-boxes/box-08": 3,
    "core-boxes/box-10": 4, "core-boxes/box-13": 2, "core-boxes/box-19": 2, "core-boxes/box-21": 2,
    "core-boxes/box-25": 3, "boxes-carbonate/corebox-01": 5, "boxes-carbonate/corebox-02": 5,
    "boxes-carbonate/corebox-03": 5, "boxes-carbonate/corebox-04": 5, "boxes-carbonate/corebox-06": 5,
    "boxes-north-sea/corebox-02": 2, "boxes-north-sea/corebox-03": 2, "columns/column-01": 1, "columns/column-02": 1,
    "trays/tray-01": 5, "trays/tray-02": 5, "strips/strip-fig11A": 1, "strips/strip-fig11B": 1,
}  # fmt: skip


@dataclass(frozen=True)
class ScaleJudgement:
    """Widths in pixels of the photo; `true_count` None where nobody counted.

    What the mask leaves open along a core (shaded flanks, the edge itself) may belong to it or not: `true_width_px`
    lies half way between the core without and with it.
    """

    name: str
    true_width_px: float
    true_count: int | None
    found: CoreGeometry
    by_mask: CoreGeometry  # the same geometry over the true mask in place of the network's


def judge_scale(segmenter: TiledSegmenter, photos: Iterable[Photo]) -> list[ScaleJudgement]:
    """One by one: a photo is forgotten before the next is read."""
    geometry = TiledSegmenter(segmenter.manifest, segmenter.ref, MaskNetwork(len(segmenter.manifest.classes)))
    judged = []
    for photo in photos:
        rock = photo.labels > 0
        certain = rock & (photo.labels != UNLABELLED)
        painted = np.repeat(np.where(rock, np.uint8(255), np.uint8(0))[..., None], 3, axis=2)
        judged.append(
            ScaleJudgement(
                photo.name,
                (mask_core_width(rock) + mask_core_width(certain)) / 2,
                COUNTS.get(photo.name),
                first_pass(segmenter, photo.pixels),
                first_pass(geometry, painted),
            )
        )
    return judged


def first_pass(segmenter: TiledSegmenter, pixels: Pixels) -> CoreGeometry:
    """What the Segmenter finds before it looks closely; the second pass is not computed."""
    plan = segmenter.plan(pixels, JobOptions())
    while True:
        tiles = plan.tiles()
        if plan.core is not None:
            return plan.core
        plan.add(tiles, segmenter.forward(tiles))


class MaskNetwork(Network):
    """Reads rock off a painted mask: white is rock, black is none."""

    def __init__(self, classes: int) -> None:
        self._classes = classes

    @property
    @override
    def device(self) -> str:
        return "cpu"

    @override
    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        return [self._logits(tile) for tile in pixels]

    def _logits(self, tile: Pixels) -> Logits:
        logits = np.full((self._classes, *tile.shape[:2]), -30, np.float32)
        logits[1] = (tile[..., 0] / np.float32(255) - np.float32(0.5)) * 30
        logits[0] = -logits[1]
        return logits


def shares_right(judged: Sequence[ScaleJudgement], *, by_mask: bool) -> tuple[float, float]:
    """The shares of photos whose width is within 15 %, and of those counted whose number of cores is right."""
    found = [(one, one.by_mask if by_mask else one.found) for one in judged]
    widths = [abs(core.width_px / one.true_width_px - 1) <= MOST_ERROR for one, core in found]
    counts = [core.count == one.true_count for one, core in found if one.true_count is not None]
    return float(np.mean(widths)), float(np.mean(counts)) if counts else float("nan")


def table(judged: Sequence[ScaleJudgement]) -> str:
    """Markdown."""
    lines = [
        "| photo | width px | first pass | by true mask | cores | first pass | by true mask |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in judged:
        widths = [f"{core.width_px:.0f} ({core.width_px / one.true_width_px - 1:+.0%})" for core in _both(one)]
        counts = [str(core.count) for core in _both(one)]
        lines.append(
            f"| {one.name} | {one.true_width_px:.0f} | {' | '.join(widths)} | {one.true_count or '–'} | "
            f"{' | '.join(counts)} |"
        )
    (width, count), (mask_width, mask_count) = (shares_right(judged, by_mask=way) for way in (False, True))
    lines.append(f"| **right** | | {width:.0%} | {mask_width:.0%} | | {count:.0%} | {mask_count:.0%} |")
    return "\n".join(lines)


def _both(judged: ScaleJudgement) -> tuple[CoreGeometry, CoreGeometry]:
    return judged.found, judged.by_mask


def main() -> int:
    """`python -m rockseg_training.evaluation_scale BUNDLE DATA`: a table on standard output."""
    parser = argparse.ArgumentParser(prog="python -m rockseg_training.evaluation_scale", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("data", type=Path, help="folder of real photos, laid out as datasets/shared.py says")
    options = parser.parse_args()
    segmenter = TorchSegmenter.load(options.bundle)
    sys.stdout.write(table(judge_scale(segmenter, read_shared(options.data).photos())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
