"""The tile of noise by which a machine shows that it still computes what the bundle's maker saw."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.manifest import SelfTest

BLOCK_PX: Final = 32


def noise_tile(seed: int, shape: tuple[int, int]) -> Pixels:
    """(h, w, 3) uint8: blocks of one colour each. Of `shape`, both sides multiples of 32.

    Blocks, since on single-pixel noise a network says the same everywhere, and a dead one would agree with it. The raw
    stream of PCG64 is the part of numpy's generators that is promised never to change.
    """
    rows, columns = shape[0] // BLOCK_PX, shape[1] // BLOCK_PX
    raw = np.random.default_rng(seed).bit_generator.random_raw(rows * columns * 3)
    colours = (np.asarray(raw, np.uint64) >> np.uint64(56)).astype(np.uint8).reshape(rows, columns, 3)
    return colours.repeat(BLOCK_PX, axis=0).repeat(BLOCK_PX, axis=1)


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
