import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rockseg_core.domain.arrays import Mask
from rockseg_model.painter import Painter
from rockseg_model.posterior import Posterior, Probabilities, argmax, posterior


def _probabilities(size: tuple[int, int], seed: int = 0) -> Probabilities:
    coarse = np.random.default_rng(seed).random((4, 5, 4), np.float32)
    smooth = np.stack([cv2.resize(channel, size[::-1]) for channel in coarse])
    return (smooth / smooth.sum(axis=0)).astype(np.float32)


def _painted(
    probabilities: Probabilities, target: tuple[int, int], along: int, cuts: list[int], chosen: Mask | None = None
) -> Mask:
    source = probabilities.shape[1:]
    painter = Painter((source[0], source[1]), target, along)
    edges = [0, *cuts, source[along]]
    for start, stop in itertools.pairwise(edges):
        band = probabilities[:, :, start:stop] if along else probabilities[:, start:stop]
        of_band = argmax(band) if chosen is None else chosen
        painter.paint(start, stop, Posterior(band, of_band, np.zeros_like(of_band)))
    return painter.mask


def _at_once(probabilities: Probabilities, target: tuple[int, int]) -> Mask:
    large = np.stack([cv2.resize(channel, target[::-1]) for channel in probabilities])
    return large.argmax(axis=0).astype(np.uint8)


@settings(deadline=None, max_examples=60)
@given(
    source=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    target=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    along=st.sampled_from([0, 1]),
    data=st.data(),
)
def test_bands_are_painted_as_the_whole_would_be(
    source: tuple[int, int], target: tuple[int, int], along: int, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(1, max(1, source[along] - 1)), unique=True, max_size=5))
    cuts = sorted(cut for cut in cuts if cut < source[along])
    everywhere = np.arange(4, dtype=np.uint8)[None]  # no class is left out for being chosen nowhere in a band
    probabilities = _probabilities(source)
    mask = _painted(probabilities, target, along, cuts, everywhere)
    assert mask.shape == target
    assert (mask != _at_once(probabilities, target)).mean() <= 0.01  # ties, by the last bits of float32


@pytest.mark.parametrize("along", [0, 1])
def test_a_straight_edge_lands_on_the_pixel_where_it_belongs(along: int) -> None:
    probabilities = np.zeros((2, 30, 20), np.float32)
    probabilities[0, :, :10] = 1
    probabilities[1, :, 10:] = 1
    mask = _painted(probabilities, (300, 200), along, [7, 13])
    assert (mask[:, :100] == 0).all()
    assert (mask[:, 100:] == 1).all()


def test_a_mask_of_the_networks_size_is_what_the_network_chose() -> None:
    probabilities = _probabilities((31, 23))
    assert np.array_equal(_painted(probabilities, (31, 23), 0, [4, 5]), argmax(probabilities))


def test_a_class_that_was_chosen_nowhere_is_not_painted_between_two_that_were() -> None:
    # Halfway between 0.6 / 0.0 and 0.0 / 0.6 the third class's 0.4 is the largest.
    probabilities = np.array([[[0.6, 0.0]], [[0.0, 0.6]], [[0.4, 0.4]]], np.float32)
    assert set(np.unique(_painted(probabilities, (1, 100), 0, []))) == {0, 1}


def test_the_posterior_is_a_softmax_at_its_temperature() -> None:
    logits = np.random.default_rng(1).normal(0, 4, (5, 6, 7)).astype(np.float32)
    wanted = np.exp(logits.astype(np.float64) / 2.5)
    wanted /= wanted.sum(axis=0)
    found = posterior(logits.copy(), 2.5)
    assert np.allclose(found.probabilities, wanted, atol=1e-6)
    assert np.array_equal(found.chosen, logits.argmax(axis=0))
    assert np.abs(found.confidence / 255 - wanted.max(axis=0)).max() <= 0.5 / 255 + 1e-6
