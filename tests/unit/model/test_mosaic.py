import itertools

import numpy as np
import pytest

from rockseg_model.mosaic import Mosaic, window
from rockseg_model.tiling import Place, cover


def _picture(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, *size)).astype(np.float32)


def _tile(picture: np.ndarray, place: Place) -> np.ndarray:
    """What a network that is right everywhere says of a tile, and nonsense beyond the picture."""
    tile = np.full((3, place.height, place.width), 1e6, np.float32)
    top, left = max(0, place.top), max(0, place.left)
    part = picture[:, top : place.bottom, left : place.right]
    tile[:, top - place.top :, left - place.left :][:, : part.shape[1], : part.shape[2]] = part
    return tile


@pytest.mark.parametrize("size", [(500, 200), (200, 500), (1, 1), (64, 700)])
@pytest.mark.parametrize("shifted", [False, True])
def test_tiles_that_agree_are_blended_into_what_they_say(size: tuple[int, int], shifted: bool) -> None:
    picture = _picture(size)
    mosaic = Mosaic(3, size)
    places = cover(size, (128, 96), shifted=shifted)
    parts = []
    for start, line in itertools.groupby(sorted(places, key=mosaic.start_of), key=mosaic.start_of):
        parts += list(mosaic.close(start))
        for place in line:
            mosaic.add(place, _tile(picture, place))
    parts += list(mosaic.close(size[mosaic.along]))
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert all(part.seen.all() for part in parts)
    whole = np.concatenate([part.logits for part in parts], axis=mosaic.along + 1)
    assert np.allclose(whole, picture, atol=1e-4)


def test_in_an_overlap_the_tile_whose_border_is_farther_counts_more() -> None:
    mosaic = Mosaic(1, (96, 64))
    mosaic.add(Place(0, 0, 64, 64), np.zeros((1, 64, 64), np.float32))
    mosaic.add(Place(32, 0, 64, 64), np.ones((1, 64, 64), np.float32))
    (band,) = mosaic.close(96)
    down = band.logits[0, :, 32]
    assert (down[:32] == 0).all()
    assert (down[64:] == 1).all()
    assert (np.diff(down[32:64]) > 0).all()
    assert down[47] + down[48] == pytest.approx(1, abs=1e-5)
    assert max(np.diff(down)) < 0.06  # no step: a seam would show


def test_what_no_tile_saw_is_told_apart() -> None:
    mosaic = Mosaic(2, (100, 50))
    mosaic.add(Place(0, 0, 64, 64), np.ones((2, 64, 64), np.float32))
    (band,) = mosaic.close(100)
    assert band.seen[:64].all()
    assert not band.seen[64:].any()
    assert np.isfinite(band.logits).all()


def test_a_window_is_highest_in_the_middle_and_nowhere_zero() -> None:
    weights = window((128, 64))
    assert weights.shape == (128, 64)
    assert weights.min() > 0
    assert weights.argmax() in {np.ravel_multi_index((y, x), (128, 64)) for y in (63, 64) for x in (31, 32)}
