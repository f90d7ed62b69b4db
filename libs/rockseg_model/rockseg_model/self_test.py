"""The tile of noise by which a machine shows that it still computes what the bundle's maker saw."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.manifest import SelfTest

OCTAVES_PX: Final = (64, 32, 16, 8, 4, 2, 1)
TINT: Final = 1 / 8
# Seeds from here on draw patches. Those below are of bundles from before, whose shares must stay what they were.
FIRST_OF_PATCHES: Final = 1000
PATCH_PX: Final = 128


def noise_tile(seed: int, shape: tuple[int, int]) -> Pixels:
    """(h, w, 3) uint8: patches of 128 px, each of one grey and tint, with noise or stripes of one size and contrast.

    Smaller tiles have smaller patches, two across at least. A trained network sees rock in some and none in others. Of
    seeds below 1000 it is grey noise in blocks of 64 to 1 px, each octave with the same amplitude, and a tint for each
    64 px: of that a network may see one rock alone, and a machine that computes next to nothing would agree.
    """
    stream = np.random.default_rng(seed).bit_generator
    if seed >= FIRST_OF_PATCHES:
        return _patches(stream, shape)
    grey = sum((_blocks(stream, shape, side, 1) for side in OCTAVES_PX), np.zeros((*shape, 1))) / len(OCTAVES_PX)
    tint = (_blocks(stream, shape, OCTAVES_PX[0], 3) - 128) * TINT
    return np.clip(grey + tint, 0, 255).astype(np.uint8)


def _patches(stream: np.random.BitGenerator, shape: tuple[int, int]) -> Pixels:
    tile = np.zeros((*shape, 3))
    patch = min(PATCH_PX, min(shape) // 2)
    for top in range(0, shape[0], patch):
        for left in range(0, shape[1], patch):
            there = tile[top : top + patch, left : left + patch]
            height, width = there.shape[:2]
            grey, contrast, octave, striped, *tint = _blocks(stream, (1, 1), 1, 7)[0, 0]
            side = OCTAVES_PX[int(octave) % len(OCTAVES_PX)]
            noise = _blocks(stream, (height, 1 if striped < 128 else width), side, 1)
            there[:] = grey + (np.array(tint) - 128) * TINT + (noise - 128) * contrast / 255
    return np.clip(tile, 0, 255).astype(np.uint8)


def _blocks(stream: np.random.BitGenerator, shape: tuple[int, int], side: int, channels: int) -> NDArray[np.float64]:
    """(h, w, channels) of 0 to 255. A generator's raw stream is what numpy promises never to change."""
    rows, columns = -(-shape[0] // side), -(-shape[1] // side)
    raw = np.asarray(stream.random_raw(rows * columns * channels), np.uint64) >> np.uint64(56)
    blocks = raw.astype(np.float64).reshape(rows, columns, channels)
    return blocks.repeat(side, axis=0).repeat(side, axis=1)[: shape[0], : shape[1]]


def class_shares(logits: Logits) -> tuple[float, ...]:
    """The share of each class among the pixels of (C, h, w) logits."""
    counts = np.bincount(logits.argmax(axis=0).ravel(), minlength=len(logits))
    return tuple(float(count) / logits[0].size for count in counts)


def agrees(logits: Logits, test: SelfTest) -> bool:
    """Whether a machine's logits of the noise tile are what the manifest says. Zeros and NaNs are not."""
    if not np.isfinite(logits).all() or not np.ptp(logits):
        return False
    return _largest_difference(class_shares(logits), test.class_shares) <= test.tolerance


def _largest_difference(some: Sequence[float], others: Sequence[float]) -> float:
    return max(abs(one - other) for one, other in zip(some, others, strict=True))
