"""Drawn photos whose mask is known, and a network that reads the mask off their colours."""

from collections.abc import Sequence

import numpy as np
from typing_extensions import override

from rockseg_core.codec.bundle import encode_manifest, model_ref
from rockseg_core.domain.arrays import Logits, Mask, Pixels
from rockseg_core.domain.manifest import Manifest, Normalisation, SelfTest
from rockseg_core.testing.null_segmenter import NULL_CLASSES
from rockseg_model.self_test import class_shares, noise_tile
from rockseg_model.tiled_segmenter import Network, TiledSegmenter

COLOURS = np.array([rock.rgb for rock in NULL_CLASSES], np.float32)
SHAPES = ((256, 64), (64, 256), (128, 128))


class ColourNetwork(Network):
    """Each pixel is of the class whose colour is nearest; the logits fall with the squared distance."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    @property
    @override
    def device(self) -> str:
        return "cpu"

    @override
    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        self.seen += [tile.shape[:2] for tile in pixels]
        return [self._logits(tile) for tile in pixels]

    def _logits(self, tile: Pixels) -> Logits:
        distances = [((tile - colour) ** 2).sum(axis=2) for colour in COLOURS]
        return np.stack(distances).astype(np.float32) / np.float32(-200)


def drawn_manifest(core_width_px: int = 32, shapes: Sequence[tuple[int, int]] = SHAPES) -> Manifest:
    seed = 3
    (logits,) = ColourNetwork()([noise_tile(seed, shapes[0])])
    return Manifest(
        name="drawn",
        version="1",
        classes=NULL_CLASSES,
        core_width_px=core_width_px,
        tile_shapes=tuple(shapes),
        normalisation=Normalisation((0, 0, 0), (1, 1, 1)),
        temperature=1.0,
        thresholds={"confident": 0.5},
        self_test=SelfTest(seed, class_shares(logits), 0.01),
        files={},
    )


def drawn_segmenter(manifest: Manifest | None = None, *, shifted: bool = False) -> TiledSegmenter:
    manifest = manifest or drawn_manifest()
    ref = model_ref(encode_manifest(manifest), manifest)
    return TiledSegmenter(manifest, ref, ColourNetwork(), shifted=shifted)


def photo_of(mask: Mask) -> Pixels:
    return COLOURS.astype(np.uint8)[mask]


def core_box(height: int, width: int, *, cores: int, core_width: int, bed: int = 150) -> Mask:
    """Vertical cores side by side, evenly spaced, in beds of the classes 1 to 11 from the top."""
    mask = np.zeros((height, width), np.uint8)
    beds = (1 + np.arange(height) // bed % 11).astype(np.uint8)
    gap = (width - cores * core_width) / cores
    for core in range(cores):
        left = round(gap / 2 + core * (core_width + gap))
        mask[:, left : left + core_width] = beds[:, None]
    return mask
