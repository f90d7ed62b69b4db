import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from rockseg_core.codec.bundle import decode_report, encode_report
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import Calibration, RockClass
from rockseg_core.domain.report import Alternative, ClassShare, CoreGeometry
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


def _posterior(row: dict[int, float], called: int) -> np.ndarray:
    posterior = np.zeros((12, 12))
    posterior[called, list(row)] = list(row.values())
    return posterior


def _only_class(mask: np.ndarray, posterior: np.ndarray | None) -> ClassShare:
    segmentation = replace(_segmentation(mask), mean_posterior=posterior)
    (share,) = build_report(segmentation, NULL_MANIFEST, REF, {}).classes
    return share


def test_a_class_has_its_second_likeliest_and_the_confidence_of_its_group() -> None:
    dolomite, limestone, marl, anhydrite = 4, 5, 11, 6
    row = {dolomite: 0.41, limestone: 0.39, marl: 0.08, anhydrite: 0.1, 0: 0.02}
    share = _only_class(np.full((2, 2), dolomite, np.uint8), _posterior(row, dolomite))
    assert share.second == Alternative("limestone", limestone, 0.39)
    assert (share.confidence, share.group, share.group_confidence) == (0.41, "carbonate", 0.88)


def test_the_background_may_be_what_a_class_is_mistaken_for() -> None:
    share = _only_class(np.full((2, 2), 1, np.uint8), _posterior({1: 0.5, 0: 0.3, 2: 0.2}, 1))
    assert share.second == Alternative("background", 0, 0.3)
    assert share.group_confidence == 0.7


def test_a_class_that_could_be_no_other_has_no_second() -> None:
    share = _only_class(np.full((2, 2), 1, np.uint8), _posterior({1: 0.9999, 3: 0.0001}, 1))
    assert (share.second, share.confidence) == (None, 0.9999)


@pytest.mark.parametrize("posterior", [None, np.zeros((12, 12))])
def test_a_segmenter_that_tells_no_posterior_leaves_the_alternatives_out(posterior: np.ndarray | None) -> None:
    share = _only_class(np.full((2, 2), 1, np.uint8), posterior)
    assert (share.confidence, share.second, share.group_confidence) == (None, None, None)
    assert share.group == "clastic"


def test_the_report_names_the_calibration_of_the_bundle() -> None:
    calibration = Calibration("temperature scaling", "400 drawn crops and 12 photos", 0.041)
    manifest = msgspec.structs.replace(NULL_MANIFEST, calibration=calibration)
    segmentation = _segmentation(np.ones((2, 2), np.uint8))
    assert build_report(segmentation, manifest, REF, {}).calibration == calibration
    assert build_report(segmentation, NULL_MANIFEST, REF, {}).calibration is None


def test_a_report_of_a_worker_of_before_is_still_read() -> None:
    body = encode_report(build_report(_segmentation(np.ones((2, 2), np.uint8)), NULL_MANIFEST, REF, {}))
    before = json.loads(body)
    del before["calibration"]
    for name in ("confidence", "second", "group", "group_confidence"):
        del before["classes"][0][name]
    report = decode_report(json.dumps(before).encode())
    assert (report.calibration, report.classes[0].second) == (None, None)


def test_a_report_of_forty_classes_stays_below_16_kb() -> None:
    classes = tuple(
        RockClass(f"a class with a name as long as they come {index}", (1, 2, 3), f"group {index % 4}", f"C{index}")
        for index in range(41)
    )
    manifest = msgspec.structs.replace(NULL_MANIFEST, classes=classes)
    mask = np.arange(41, dtype=np.uint8)[None].repeat(3, axis=0)
    posterior = np.random.default_rng(0).dirichlet(np.ones(41), 41)
    report = build_report(replace(_segmentation(mask), mean_posterior=posterior), manifest, REF, {"decode": 0.123456})
    assert all(share.second for share in report.classes)
    assert len(encode_report(report)) < 16_000
