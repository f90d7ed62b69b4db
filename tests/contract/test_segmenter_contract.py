"""What the worker counts on in every Segmenter."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from rockseg_core.domain.arrays import Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.manifest import Manifest, Normalisation, SelfTest
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.imaging.report import build_report
from rockseg_core.ports.segmenter import Segmenter
from rockseg_core.testing.null_segmenter import NULL_CLASSES, NullSegmenter
from rockseg_model.self_test import class_shares, noise_tile
from rockseg_model.tiled_segmenter import TiledSegmenter

SHAPE = (64, 64)


class _Bright:
    """A network of two minds: bright is mudstone, dark is background."""

    device = "cpu"

    def __call__(self, pixels: list[Pixels]) -> list[np.ndarray]:
        answers = []
        for tile in pixels:
            logits = np.full((12, *tile.shape[:2]), -9, np.float32)
            logits[0], logits[3] = 0, tile.mean(axis=2) / 16 - 8
            answers.append(logits)
        return answers


def _tiled() -> TiledSegmenter:
    network = _Bright()
    (logits,) = network([noise_tile(1, SHAPE)])
    manifest = Manifest(
        name="bright",
        version="1",
        classes=NULL_CLASSES,
        core_width_px=32,
        tile_shapes=(SHAPE,),
        normalisation=Normalisation((0, 0, 0), (1, 1, 1)),
        temperature=1.0,
        thresholds={"confident": 0.5},
        self_test=SelfTest(1, class_shares(logits), 0.01),
        files={},
    )
    return TiledSegmenter(manifest, NullSegmenter().ref, network)


@pytest.fixture(params=[NullSegmenter, lambda: NullSegmenter(rounds=2), _tiled], ids=["null", "null-2", "tiled"])
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    make: Callable[[], Segmenter] = request.param
    return make()


def _photo(height: int, width: int) -> Pixels:
    photo = np.zeros((height, width, 3), np.uint8)
    photo[:, width // 3 :] = 220
    return photo


def _run(segmenter: Segmenter, photo: Pixels, options: JobOptions = JobOptions()) -> Segmentation:  # noqa: B008 - frozen
    plan = segmenter.plan(photo, options)
    while tiles := plan.tiles():
        plan.add(tiles, segmenter.forward(tiles))
    return segmenter.stitch(plan)


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (63, 65), (400, 10), (10, 400), (301, 203)])
def test_a_result_has_the_photos_size_and_the_manifests_classes(segmenter: Segmenter, size: tuple[int, int]) -> None:
    result = _run(segmenter, _photo(*size))
    assert result.mask.shape == size
    assert (result.mask.dtype, result.confidence.dtype) == (np.uint8, np.uint8)
    assert result.mask.max() < len(segmenter.manifest.classes)
    assert result.confidence.ndim == 2
    assert 0 < result.confidence.size <= 500_000
    assert 0 <= result.confident_share <= 1
    assert result.core.width_px > 0
    assert result.core.count >= 1
    build_report(result, segmenter.manifest, segmenter.ref, {})


def test_of_each_class_found_the_probabilities_of_all_classes_are_told(segmenter: Segmenter) -> None:
    result = _run(segmenter, _photo(301, 203))
    assert result.mean_posterior is not None
    for index in set(np.unique(result.mask).tolist()) - {0}:
        row = result.mean_posterior[index]
        assert row.sum() == pytest.approx(1, abs=1e-4)
        assert row.argmax() == index


def test_tiles_have_the_manifests_shapes_and_indices_of_their_own(segmenter: Segmenter) -> None:
    plan = segmenter.plan(_photo(301, 203), JobOptions())
    indices: list[int] = []
    while tiles := plan.tiles():
        for tile in tiles:
            assert tile.shape in segmenter.manifest.tile_shapes
            assert (tile.pixels.dtype, tile.pixels.shape[2]) == (np.uint8, 3)
            indices.append(tile.index)
        logits = segmenter.forward(tiles)
        assert len(logits) == len(tiles)
        for tile, of_tile in zip(tiles, logits, strict=True):
            assert of_tile.shape == (len(segmenter.manifest.classes), *tile.shape)
            assert of_tile.dtype == np.float32
        plan.add(tiles, logits)
    assert len(set(indices)) == len(indices)
    assert list(plan.tiles()) == []


def test_tiles_still_without_logits_are_given_again(segmenter: Segmenter) -> None:
    plan = segmenter.plan(_photo(301, 203), JobOptions())
    first = [tile.index for tile in plan.tiles()]
    assert [tile.index for tile in plan.tiles()] == first


def test_a_known_core_width_is_taken_and_said(segmenter: Segmenter) -> None:
    result = _run(segmenter, _photo(120, 90), JobOptions(core_width_px=30.0))
    assert (result.core.width_px, result.core.source) == (30.0, "request")
    assert "core_width_guessed" not in result.warnings


def test_stitching_too_early_is_an_error(segmenter: Segmenter) -> None:
    with pytest.raises(ValueError, match="logit"):
        segmenter.stitch(segmenter.plan(_photo(64, 64), JobOptions()))


def test_the_same_photo_gives_the_same_result(segmenter: Segmenter) -> None:
    one, other = (_run(segmenter, _photo(301, 203)) for _ in range(2))
    assert np.array_equal(one.mask, other.mask)
    assert np.array_equal(one.confidence, other.confidence)


def test_the_photo_is_not_changed(segmenter: Segmenter) -> None:
    photo = _photo(301, 203)
    photo.flags.writeable = False
    _run(segmenter, photo)


def test_plans_of_several_photos_may_run_in_threads_beside_each_other(segmenter: Segmenter) -> None:
    sizes = [(80 + 31 * index, 203 - 17 * index) for index in range(6)]
    wanted = [_run(segmenter, _photo(*size)).mask for size in sizes]
    found: dict[int, np.ndarray] = {}

    def run(index: int) -> None:
        found[index] = _run(segmenter, _photo(*sizes[index])).mask

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(sizes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(np.array_equal(found[index], mask) for index, mask in enumerate(wanted))


def test_a_sound_machine_passes_its_self_test(segmenter: Segmenter) -> None:
    assert segmenter.self_test()
