import numpy as np
import pytest

from rockseg_core.testing.null_segmenter import NULL_CLASSES, NULL_MANIFEST, NullSegmenter
from rockseg_model.tiled_segmenter import TiledSegmenter
from rockseg_training.datasets.photo import Photo
from rockseg_training.evaluation_scale import MaskNetwork, judge_scale, shares_right, table
from rockseg_training.labels import UNLABELLED


def box(name: str) -> Photo:
    """Four upright cores 100 px wide between unsure rims of 10 px, the last one short; white on black."""
    labels = np.zeros((1200, 640), np.uint8)
    for core in range(4):
        stop = 1200 if core < 3 else 300
        labels[:stop, 20 + 160 * core : 140 + 160 * core] = UNLABELLED
        labels[:stop, 30 + 160 * core : 130 + 160 * core] = 1
    pixels = np.where(labels[..., None] == 1, np.uint8(255), np.uint8(0)).repeat(3, axis=2)
    return Photo(name, name, pixels, labels, 100.0)


def test_a_bundle_and_the_geometry_alone_are_judged_beside_each_other() -> None:
    segmenter = TiledSegmenter(NULL_MANIFEST, NullSegmenter().ref, MaskNetwork(len(NULL_CLASSES)))
    (judged,) = judge_scale(segmenter, [box("core-boxes/box-02")])
    assert (judged.true_width_px, judged.true_count) == (110, 4)
    assert judged.found.width_px == pytest.approx(100, rel=0.03)
    assert judged.by_mask.width_px == pytest.approx(120, rel=0.03)
    assert (judged.found.count, judged.by_mask.count) == (4, 4)
    assert shares_right([judged], by_mask=False) == shares_right([judged], by_mask=True) == (1, 1)
    assert "| core-boxes/box-02 | 110 |" in table([judged])


def test_a_width_that_is_wrong_and_a_photo_that_nobody_counted_are_told() -> None:
    segmenter = TiledSegmenter(NULL_MANIFEST, NullSegmenter().ref, MaskNetwork(len(NULL_CLASSES)))
    photo = box("unknown")
    photo.labels[photo.labels == UNLABELLED] = 1
    photo.labels[:, 60:80] = 0
    (judged,) = judge_scale(segmenter, [Photo("unknown", "x", photo.pixels[:, :150], photo.labels[:, :150], 100.0)])
    assert judged.true_count is None
    share, count = shares_right([judged], by_mask=False)
    assert share == 0
    assert np.isnan(count)
