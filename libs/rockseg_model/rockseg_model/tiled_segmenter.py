"""The port, over any network: all of it but the network itself, and free of torch."""

from collections.abc import Sequence
from typing import Protocol

from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions, ModelRef
from rockseg_core.domain.manifest import Manifest
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.ports.segmenter import Plan, Segmenter, Tile
from rockseg_model.photo_plan import PhotoPlan
from rockseg_model.self_test import agrees, noise_tile


class Network(Protocol):
    """What runs on the device."""

    @property
    def device(self) -> str: ...

    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        """(h, w, 3) uint8 each, all of one shape → (C, h, w) float32 each. Raises FatalError."""
        ...


class TiledSegmenter(Segmenter):
    """`shifted` lays the grid half a tile off: what that changes is what the grid puts into a mask."""

    def __init__(self, manifest: Manifest, ref: ModelRef, network: Network, *, shifted: bool = False) -> None:
        self._manifest, self._ref, self._network, self._shifted = manifest, ref, network, shifted

    @property
    @override
    def manifest(self) -> Manifest:
        return self._manifest

    @property
    @override
    def ref(self) -> ModelRef:
        return self._ref

    @property
    @override
    def device(self) -> str:
        return self._network.device

    @override
    def plan(self, photo: Pixels, options: JobOptions) -> PhotoPlan:
        """Raises UsageError for a core width that is no positive number."""
        return PhotoPlan(photo, options, self._manifest, shifted=self._shifted)

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        if len({tile.shape for tile in tiles}) > 1:
            raise ValueError("tiles of several shapes in one batch")
        return self._network([tile.pixels for tile in tiles])

    @override
    def stitch(self, plan: Plan) -> Segmentation:
        if not isinstance(plan, PhotoPlan):
            raise TypeError("a plan of this segmenter is needed")
        return plan.segmentation()

    @override
    def self_test(self) -> bool:
        test = self._manifest.self_test
        try:
            (logits,) = self._network([noise_tile(test.seed, self._manifest.tile_shapes[0])])
        except FatalError:
            return False
        return agrees(logits, test)
