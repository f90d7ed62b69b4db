from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.job import JobOptions, ModelRef
from rockseg_core.domain.manifest import Manifest
from rockseg_core.domain.segmentation import Segmentation


@dataclass(frozen=True)
class Tile:
    """What the network sees: (h, w, 3) uint8 pixels in a shape of the manifest; `index` is its place in its plan."""

    index: int
    pixels: Pixels

    @property
    def shape(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]


class Plan(Protocol):
    """One photo on its way through the network: tiles in rounds, first those of the first pass and then the rest."""

    def tiles(self) -> Sequence[Tile]:
        """The tiles that can be computed now; empty when every logit is in. CPU work: call it off the event loop."""
        ...

    def add(self, tiles: Sequence[Tile], logits: Sequence[Logits]) -> None:
        """Take the logits of tiles of the present round, in any order and grouping."""
        ...


class Segmenter(Protocol):
    """A model. `forward` runs on the one thread that owns the device; the rest on any thread."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def manifest_body(self) -> bytes:
        """The manifest as its bundle has it, byte for byte: `ref.digest` is its SHA-256 in every release."""
        ...

    @property
    def ref(self) -> ModelRef: ...

    @property
    def device(self) -> str:
        """`cpu`, `cuda` …: the batcher waits for company only where a batch pays."""
        ...

    def plan(self, photo: Pixels, options: JobOptions) -> Plan: ...

    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        """Logits of tiles that all have one shape. Raises FatalError when the device fails."""
        ...

    def stitch(self, plan: Plan) -> Segmentation:
        """Blend, choose, and scale back to the photo's size."""
        ...

    def self_test(self) -> bool:
        """Whether this machine still computes what the manifest says; False puts the worker at fault, not the job."""
        ...
