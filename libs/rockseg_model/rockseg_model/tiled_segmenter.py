"""The port, over any network: all of it but the network itself, and free of torch."""

from collections.abc import Sequence
from typing import Protocol

from typing_extensions import override

from rockseg_core.codec.bundle import encode_manifest
from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions, ModelRef
from rockseg_core.domain.manifest import Manifest
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.ports.segmenter import Plan, Segmenter, Tile
from rockseg_model.familiarity import Familiarity
from rockseg_model.glimpse import Features, Inside, LookingTile
from rockseg_model.photo_plan import PhotoPlan
from rockseg_model.self_test import agrees, noise_tile


class Network(Protocol):
    """What runs on the device."""

    @property
    def device(self) -> str: ...

    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        """(h, w, 3) uint8 each, all of one shape → (C, h, w) float32 each. Raises FatalError."""
        ...

    def look(
        self,
        pixels: Sequence[Pixels],
        inside: Sequence[Inside],  # noqa: ARG002 - for those that can
    ) -> tuple[Sequence[Logits], Sequence[Features | None]]:
        """The same, with what the encoder saw inside each; None from a network that has no such thing to tell."""
        return self(pixels), [None] * len(pixels)


class TiledSegmenter(Segmenter):
    """`shifted` lays the grid half a tile off: what that changes is what the grid puts into a mask.

    Without `familiarity`, nothing is said of photos that show no core or are unlike all that was learned.
    """

    def __init__(
        self,
        manifest: Manifest,
        ref: ModelRef,
        network: Network,
        *,
        shifted: bool = False,
        familiarity: Familiarity | None = None,
        manifest_body: bytes | None = None,
    ) -> None:
        self._manifest, self._ref, self._network, self._shifted = manifest, ref, network, shifted
        self._manifest_body = encode_manifest(manifest) if manifest_body is None else manifest_body
        self._familiarity = familiarity

    @property
    @override
    def manifest(self) -> Manifest:
        return self._manifest

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
        return self._network.device

    @override
    def plan(self, photo: Pixels, options: JobOptions) -> PhotoPlan:
        """Raises UsageError for a core width that is no positive number."""
        return PhotoPlan(photo, options, self._manifest, shifted=self._shifted, familiarity=self._familiarity)

    def glimpse(self, photo: Pixels) -> Features | None:
        """What the encoder sees of a photo in its first pass; None from a network that cannot tell."""
        plan = PhotoPlan(photo, JobOptions(), self._manifest, look=True)
        while plan.core is None:
            tiles = plan.tiles()
            if plan.core is None:
                plan.add(tiles, self.forward(tiles))
        return plan.features

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        if len({tile.shape for tile in tiles}) > 1:
            raise ValueError("tiles of several shapes in one batch")
        pixels = [tile.pixels for tile in tiles]
        if not any(isinstance(tile, LookingTile) for tile in tiles):
            return self._network(pixels)
        whole = Inside(0, 0, *tiles[0].shape)
        inside = [tile.inside if isinstance(tile, LookingTile) else whole for tile in tiles]
        logits, features = self._network.look(pixels, inside)
        for tile, seen in zip(tiles, features, strict=True):
            if isinstance(tile, LookingTile):
                tile.glimpse.features = seen
        return logits

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
