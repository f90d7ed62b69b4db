"""The tile by which a machine shows that it computes what the bundle's maker saw."""

import hashlib

import numpy as np
import pytest

from rockseg_model.self_test import FIRST_OF_PATCHES, PATCH_PX, noise_tile


@pytest.mark.parametrize(
    ("seed", "digest"),
    [(4, "62ae12973c1f388d"), (FIRST_OF_PATCHES, "49ee383d9a381e22")],
)
def test_a_seed_draws_what_it_always_drew(seed: int, digest: str) -> None:
    assert hashlib.sha256(noise_tile(seed, (1024, 256)).tobytes()).hexdigest()[:16] == digest


def test_patches_differ_in_grey_and_contrast() -> None:
    tile = noise_tile(FIRST_OF_PATCHES + 3, (1024, 256)).astype(float)
    patches = tile.reshape(1024 // PATCH_PX, PATCH_PX, 256 // PATCH_PX, PATCH_PX, 3).swapaxes(1, 2)
    assert np.ptp(patches.mean((2, 3, 4))) > 100
    assert np.ptp(patches.std((2, 3, 4))) > 30


def test_a_tile_of_no_whole_number_of_patches_is_filled() -> None:
    tile = noise_tile(FIRST_OF_PATCHES, (200, 160))
    assert tile.shape == (200, 160, 3)
    assert np.ptp(tile[PATCH_PX:, PATCH_PX:].astype(float)) > 0
