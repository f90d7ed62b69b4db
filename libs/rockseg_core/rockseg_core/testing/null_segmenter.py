"""A Segmenter without torch, of a set latency: for load tests, and for the worker's tests of faults."""

import os
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from typing_extensions import override

from rockseg_core.codec.bundle import encode_manifest, model_ref
from rockseg_core.domain.arrays import Confidence, Logits, Mask, Pixels
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions, ModelRef
from rockseg_core.domain.manifest import Manifest, Normalisation, RockClass, SelfTest
from rockseg_core.domain.report import CoreGeometry
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.domain.warnings import CORE_WIDTH_GUESSED
from rockseg_core.ports.segmenter import Plan, Segmenter, Tile

Rgb = tuple[int, int, int]

TILE_SIDE: Final = 64
MOST_BATCH_SIZES: Final = 1000  # a load test runs for days
MOST_CONFIDENCE_SIDE: Final = 512  # 0.26 MP at most, below the 0.5 MP of design §7

NULL_CLASSES: Final = (
    RockClass("background", (0, 0, 0), "none", "BG"),
    RockClass("sandstone", (174, 199, 232), "clastic", "SST"),
    RockClass("siltstone", (255, 187, 120), "clastic", "SLT"),
    RockClass("mudstone", (152, 223, 138), "clastic", "MST"),
    RockClass("dolomite", (255, 152, 150), "carbonate", "DOL"),
    RockClass("limestone", (197, 176, 213), "carbonate", "LST"),
    RockClass("anhydrite", (140, 86, 75), "evaporite", "ANH"),
    RockClass("interlayered sandstones and mudstones", (227, 119, 194), "clastic", "SMI"),
    RockClass("interlayered siltstones and mudstones", (127, 127, 127), "clastic", "TMI"),
    RockClass("conglomerate", (188, 189, 34), "clastic", "CGL"),
    RockClass("crust", (23, 190, 207), "residual", "CRU"),
    RockClass("marl rock", (158, 218, 229), "carbonate", "MRL"),
)

NULL_MANIFEST: Final = Manifest(
    name="null",
    version="1",
    classes=NULL_CLASSES,
    core_width_px=160,
    tile_shapes=((TILE_SIDE, TILE_SIDE),),
    normalisation=Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    temperature=1.0,
    thresholds={"confident": 0.5},
    self_test=SelfTest(seed=0, class_shares=tuple(1 / len(NULL_CLASSES) for _ in NULL_CLASSES), tolerance=1.0),
    files={},
)


def fail() -> None:
    """A poison: `forward` raises FatalError, as it does when the device fails."""
    raise FatalError("the null model met a poisoned photo")


def kill() -> None:
    """A poison: the process dies at once, as it does by a segmentation fault or the out-of-memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)


def parse_null_model(text: str) -> float | None:
    """Seconds out of `null:20ms`, `null:1.5s` or `null` (0); None where `text` names no null model."""
    found = re.fullmatch(r"null(?::(\d+(?:\.\d+)?)(ms|s))?", text)
    if found is None:
        return None
    number, unit = found.groups()
    if number is None:
        return 0.0
    return float(number) / (1000 if unit == "ms" else 1)


def bands(height: int, width: int) -> Mask:
    """The mask of every photo: (H, W) uint8, horizontal bands of all classes in index order from the top."""
    rows = np.arange(height, dtype=np.int64) * len(NULL_CLASSES) // height
    return np.repeat(rows.astype(np.uint8)[:, None], width, axis=1)


class NullPlan(Plan):
    """`rounds` rounds of one tile: the photo's top left corner, repeated at its edges up to the tile's size."""

    def __init__(self, photo: Pixels, options: JobOptions, rounds: int) -> None:
        self.height, self.width = photo.shape[:2]
        self.options = options
        corner = photo[:TILE_SIDE, :TILE_SIDE]
        missing = (TILE_SIDE - corner.shape[0], TILE_SIDE - corner.shape[1])
        self._corner = np.pad(corner, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        self._rounds, self._done = rounds, 0

    @override
    def tiles(self) -> Sequence[Tile]:
        return [Tile(self._done, self._corner)] if self._done < self._rounds else []

    @override
    def add(self, tiles: Sequence[Tile], logits: Sequence[Logits]) -> None:
        for tile, _ in zip(tiles, logits, strict=True):
            if tile.index != self._done or self._done == self._rounds:
                raise ValueError("a tile that this round did not ask for")
            self._done += 1

    @property
    def complete(self) -> bool:
        return self._done == self._rounds


class NullSegmenter(Segmenter):
    """Bands of every class over any photo from 1×1 on; each `forward`, whatever its batch, takes `latency_seconds`.

    `poisons` maps the colour of a photo's top left pixel to what `forward` then does: `fail`, `kill`, or your own.
    `sound` is what `self_test` answers; set it False to break the machine. `rounds=2` acts out a first pass.
    """

    def __init__(
        self,
        latency_seconds: float = 0.0,
        *,
        rounds: int = 1,
        poisons: Mapping[Rgb, Callable[[], None]] | None = None,
        device: str = "cpu",
    ) -> None:
        self.latency_seconds = latency_seconds
        self.sound = True
        self._batch_sizes: deque[int] = deque(maxlen=MOST_BATCH_SIZES)
        self._rounds, self._poisons, self._device = rounds, dict(poisons or {}), device
        self._manifest_body = encode_manifest(NULL_MANIFEST)
        self._ref = model_ref(self._manifest_body, NULL_MANIFEST)
        self._logits = (bands(TILE_SIDE, TILE_SIDE)[None] == np.arange(len(NULL_CLASSES))[:, None, None]) * np.float32(
            9
        )
        self._logits.flags.writeable = False

    @property
    @override
    def manifest(self) -> Manifest:
        return NULL_MANIFEST

    @property
    @override
    def manifest_body(self) -> bytes:
        return self._manifest_body

    @property
    @override
    def ref(self) -> ModelRef:
        return self._ref

    @property
    @override
    def device(self) -> str:
        return self._device

    @property
    def batch_sizes(self) -> list[int]:
        """How many tiles each of the last 1000 calls of `forward` got, in order: what a batcher's test looks at."""
        return list(self._batch_sizes)

    @override
    def plan(self, photo: Pixels, options: JobOptions) -> NullPlan:
        return NullPlan(photo, options, self._rounds)

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        self._batch_sizes.append(len(tiles))
        for tile in tiles:
            red, green, blue = (int(value) for value in tile.pixels[0, 0])
            poison = self._poisons.get((red, green, blue))
            if poison is not None:
                poison()
        if self.latency_seconds:
            time.sleep(self.latency_seconds)
        return [self._logits] * len(tiles)

    @override
    def stitch(self, plan: Plan) -> Segmentation:
        if not isinstance(plan, NullPlan) or not plan.complete:
            raise ValueError("a plan of this segmenter with every logit in is needed")
        height, width = plan.height, plan.width
        known = plan.options.known_core_width_px
        return Segmentation(
            mask=bands(height, width),
            confidence=_certain(height, width),
            core=CoreGeometry(
                width_px=float(min(height, width)) if known is None else known,
                axis="y" if height >= width else "x",
                count=1,
                source="guess" if known is None else "request",
            ),
            confident_share=1.0,
            warnings=(CORE_WIDTH_GUESSED,) if known is None else (),
            mean_posterior=np.eye(len(NULL_CLASSES)),
        )

    @override
    def self_test(self) -> bool:
        return self.sound


def _certain(height: int, width: int) -> Confidence:
    scale = min(1.0, MOST_CONFIDENCE_SIDE / max(height, width))
    return np.full((max(1, round(height * scale)), max(1, round(width * scale))), 255, np.uint8)
