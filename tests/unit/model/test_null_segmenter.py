import multiprocessing
import signal

import numpy as np
import pytest

from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions
from rockseg_core.testing.null_segmenter import NullSegmenter, bands, fail, kill, parse_null_model


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("null:20ms", 0.02), ("null:1.5s", 1.5), ("null", 0.0), ("null:", None), ("models/null:20ms", None), ("x", None)],
)
def test_the_null_models_name_carries_its_latency(text: str, seconds: float | None) -> None:
    assert parse_null_model(text) == seconds


def test_bands_hold_every_class_in_order_from_the_top() -> None:
    mask = bands(24, 5)
    assert mask.shape == (24, 5)
    assert mask[:, 0].tolist() == [index for index in range(12) for _ in range(2)]


def _forward(segmenter: NullSegmenter, rgb: tuple[int, int, int]) -> None:
    photo = np.full((5, 7, 3), rgb, np.uint8)
    segmenter.forward(segmenter.plan(photo, JobOptions()).tiles())


def test_a_poisoned_photo_fails_and_its_neighbour_does_not() -> None:
    segmenter = NullSegmenter(poisons={(255, 0, 1): fail})
    with pytest.raises(FatalError):
        _forward(segmenter, (255, 0, 1))
    _forward(segmenter, (255, 0, 2))


def test_a_killing_photo_takes_its_process_along() -> None:
    process = multiprocessing.get_context("fork").Process(
        target=_forward, args=(NullSegmenter(poisons={(1, 2, 3): kill}), (1, 2, 3))
    )
    process.start()
    process.join(20)
    assert process.exitcode == -signal.SIGKILL


def test_a_broken_machine_says_so() -> None:
    segmenter = NullSegmenter()
    assert segmenter.self_test()
    segmenter.sound = False
    assert not segmenter.self_test()


def test_a_load_test_of_days_does_not_fill_memory_with_the_sizes_of_batches() -> None:
    segmenter = NullSegmenter()
    tiles = segmenter.plan(np.zeros((5, 7, 3), np.uint8), JobOptions()).tiles()
    for _ in range(3000):
        segmenter.forward(tiles)
    assert segmenter.batch_sizes == [1] * 1000
