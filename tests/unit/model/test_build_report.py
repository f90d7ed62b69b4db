import numpy as np
import pytest

from rockseg_core.codec.bundle import decode_report, encode_report
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.report import CoreGeometry
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.imaging.report import build_report, count_pixels
from rockseg_core.testing.null_segmenter import NULL_MANIFEST

REF = ModelRef("null", "1", "0" * 64)


def _segmentation(mask: np.ndarray) -> Segmentation:
    core = CoreGeometry(width_px=3.5, axis="y", count=2, source="first_pass")
    return Segmentation(mask, np.zeros((1, 1), np.uint8), core, 0.75, ("several_cores",))


def test_shares_are_of_the_rock_and_background_is_no_class_of_it() -> None:
    mask = np.array([[0, 0, 3, 3], [0, 1, 3, 0]], np.uint8)
    report = build_report(_segmentation(mask), NULL_MANIFEST, REF, {"decode": 0.1})
    found = [(share.name, share.index, share.pixels, share.share_of_rock) for share in report.classes]
    assert found == [("sandstone", 1, 1, 0.25), ("mudstone", 3, 3, 0.75)]
    assert (report.width, report.height, report.rock_fraction) == (4, 2, 0.5)
    assert (report.confident_share, report.warnings, report.seconds) == (0.75, ("several_cores",), {"decode": 0.1})
    assert decode_report(encode_report(report)) == report


def test_a_photo_without_rock_has_no_classes_and_divides_by_nothing() -> None:
    report = build_report(_segmentation(np.zeros((2, 2), np.uint8)), NULL_MANIFEST, REF, {})
    assert (report.classes, report.rock_fraction) == ((), 0.0)


def test_a_class_beyond_the_manifest_is_refused() -> None:
    with pytest.raises(ValueError, match="has not"):
        build_report(_segmentation(np.full((2, 2), 12, np.uint8)), NULL_MANIFEST, REF, {})


def test_pixels_are_counted_exactly_beyond_what_float32_counts() -> None:
    mask = np.full((1, (1 << 24) + 3), 5, np.uint8)
    mask[0, -2:] = 7
    counts = count_pixels(mask)
    assert (counts[5], counts[7], counts.sum()) == ((1 << 24) + 1, 2, (1 << 24) + 3)


def test_a_strided_view_of_a_mask_is_counted_too() -> None:
    mask = np.arange(12, dtype=np.uint8).reshape(3, 4)[:, ::2]
    assert np.flatnonzero(count_pixels(mask)).tolist() == [0, 2, 4, 6, 8, 10]
