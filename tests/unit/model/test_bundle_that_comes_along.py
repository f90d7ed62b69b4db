from pathlib import Path

import numpy as np
import pytest

from rockseg_core.domain.job import JobOptions
from rockseg_model.bundle import load_bundle
from rockseg_model.photo import segment
from rockseg_model.segmenter import TorchSegmenter
from rockseg_training.synthetic.demo_core import draw_demo_core

BUNDLE = Path(__file__).parents[3] / "models" / "reference"


def test_the_bundle_is_whole_small_and_computes_here_what_its_maker_saw() -> None:
    assert len(load_bundle(BUNDLE).weights) < 12 << 20
    assert TorchSegmenter.load(BUNDLE, device="cpu").self_test()


def test_its_self_test_sees_more_than_one_class() -> None:
    shares = load_bundle(BUNDLE).manifest.self_test.class_shares
    assert max(shares) + load_bundle(BUNDLE).manifest.self_test.tolerance < 1


@pytest.mark.timeout(300)
def test_a_grid_half_a_tile_off_changes_next_to_nothing() -> None:
    # On real photos never seen it is 0.3 to 1.3 % on average, by fold.
    plain, shifted = (TorchSegmenter.load(BUNDLE, device="cpu", shifted=way) for way in (False, True))
    changed = []
    for seed in range(1, 4):
        photo, _ = draw_demo_core(seed)
        one, other = (segment(photo, JobOptions(), segmenter) for segmenter in (plain, shifted))
        changed.append((one.mask != other.mask).mean())
    assert np.mean(changed) < 0.01


def test_a_drawn_core_is_measured_and_found() -> None:
    photo, labels = draw_demo_core()
    result = segment(photo, JobOptions(), TorchSegmenter.load(BUNDLE, device="cpu"))
    assert (result.core.axis, result.core.count, result.core.source) == ("y", 2, "first_pass")
    assert ((result.mask > 0) == (labels > 0)).mean() > 0.85
