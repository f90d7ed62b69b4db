"""Warnings about photos that show no core, or are unlike all that was learned."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from drawn import COLOURS, ColourNetwork, core_box, drawn_manifest, drawn_segmenter, photo_of
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.errors import BundleError
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.ports.segmenter import Tile
from rockseg_model.bundle import load_bundle
from rockseg_model.bundle_writer import write_bundle
from rockseg_model.familiarity import PREFIX, Familiarity
from rockseg_model.glimpse import STRIDES, Features, Inside, LookingTile
from rockseg_model.photo import segment
from rockseg_model.segmenter import TorchSegmenter
from rockseg_model.tiled_segmenter import TiledSegmenter
from rockseg_model.weights import unpack

PLAIN = JobOptions()
THRESHOLDS = {"confident": 0.5, "not_core": 0.5, "unlike_training_data": 2.0}
FEATURES = 432


class MeanColourNetwork(ColourNetwork):
    """Its encoder sees the mean colour, 0 to 1."""

    @override
    def look(self, pixels: Sequence[Pixels], inside: Sequence[Inside]) -> tuple[Sequence[Logits], Sequence[Features]]:
        parts = [tile[i.top : i.bottom, i.left : i.right] for tile, i in zip(pixels, inside, strict=True)]
        return self(pixels), [part.mean(axis=(0, 1)).astype(np.float32) / 255 for part in parts]


# Red is no core; cores are grey, and their brightness is 0.5 ± 0.1.
RED_IS_NONE = Familiarity(
    weights=np.array([20, -20, 0], np.float32),
    bias=np.array([-4], np.float32),
    centre=np.full(3, 0.5, np.float32),
    whitening=np.eye(3, dtype=np.float32) * 10,
)


def _segmenter(
    familiarity: Familiarity | None = RED_IS_NONE, thresholds: Mapping[str, float] = THRESHOLDS
) -> TiledSegmenter:
    manifest = msgspec.structs.replace(drawn_manifest(), thresholds=dict(thresholds))
    return TiledSegmenter(manifest, drawn_segmenter().ref, MeanColourNetwork(), familiarity=familiarity)


def _of_one_colour(*rgb: int, size: tuple[int, int] = (700, 300)) -> Pixels:
    return np.full((*size, 3), rgb, np.uint8)


@pytest.mark.parametrize(
    ("rgb", "warning"),
    [((230, 40, 90), "not_core"), ((240, 240, 240), "unlike_training_data"), ((130, 130, 130), None)],
)
def test_a_photo_is_judged_by_what_the_encoder_saw_of_it(rgb: tuple[int, int, int], warning: str | None) -> None:
    found = set(segment(_of_one_colour(*rgb), PLAIN, _segmenter()).warnings)
    assert found & {"not_core", "unlike_training_data"} == ({warning} if warning else set())


def test_only_the_picture_is_judged_and_not_its_mirror_image_around_it() -> None:
    # 100 rows of grey above 28 of red: mirrored out to a tile, more of it is red.
    photo = _of_one_colour(128, 128, 128, size=(128, 40))
    photo[100:] = (255, 0, 0)
    (seen,) = {tuple(np.round(_glimpse(photo), 4))}
    assert seen == pytest.approx(photo.mean(axis=(0, 1)) / 255, abs=1e-3)


def _glimpse(photo: Pixels) -> Features:
    seen = _segmenter().glimpse(photo)
    assert seen is not None
    return seen


def test_a_strip_of_several_first_tiles_is_seen_whole() -> None:
    photo = np.zeros((12_000, 60, 3), np.uint8)
    photo[:6000] = 200
    assert _glimpse(photo) == pytest.approx([100 / 255] * 3, abs=0.02)


def _same(one: Segmentation, other: Segmentation) -> bool:
    return np.array_equal(one.mask, other.mask) and np.array_equal(one.confidence, other.confidence)


def test_a_warning_alters_neither_mask_nor_confidence() -> None:
    photo = photo_of(core_box(900, 500, cores=2, core_width=150))
    never = {"confident": 0.5}
    always = {"confident": 0.5, "not_core": 0.0, "unlike_training_data": 0.0, "low_confidence": 1.0}
    plain, warned = (segment(photo, PLAIN, _segmenter(thresholds=thresholds)) for thresholds in (never, always))
    without = segment(photo, PLAIN, _segmenter(None, always))
    assert "not_core" in warned.warnings
    assert _same(plain, warned)
    assert _same(plain, without)
    assert plain.warnings == without.warnings == ("several_cores",)


def test_who_cannot_see_is_not_asked_to_judge() -> None:
    manifest = msgspec.structs.replace(drawn_manifest(), thresholds=THRESHOLDS)
    blind = TiledSegmenter(manifest, drawn_segmenter().ref, ColourNetwork(), familiarity=RED_IS_NONE)
    assert "not_core" not in segment(_of_one_colour(230, 40, 90), PLAIN, blind).warnings


@pytest.mark.parametrize(("least", "warned"), [(0.6, True), (0.4, False), (None, False)])
def test_little_that_is_sure_is_said_below_the_manifests_threshold(least: float | None, warned: bool) -> None:
    # Half of the rock has a colour right between two classes'.
    photo = photo_of(np.where(core_box(700, 260, cores=1, core_width=200) > 0, np.uint8(6), np.uint8(0)))
    photo[350:][photo[350:].any(axis=2)] = (COLOURS[6] + COLOURS[8]) / 2
    thresholds = {"confident": 0.9} | ({} if least is None else {"low_confidence": least})
    found = segment(photo, PLAIN, _segmenter(None, thresholds))
    assert 0.4 < found.confident_share < 0.6
    assert ("low_confidence" in found.warnings) is warned


def test_tiles_of_first_and_second_passes_go_through_in_one_batch() -> None:
    segmenter = _segmenter()
    pixels = _of_one_colour(10, 20, 30, size=(64, 64))
    looking = LookingTile(0, pixels, Inside(0, 0, 64, 32))
    logits = segmenter.forward([Tile(5, pixels), looking])
    assert len(logits) == 2
    assert looking.glimpse.features == pytest.approx(np.array([10, 20, 30]) / 255)


@settings(deadline=None)
@given(st.data())
def test_of_each_map_some_cells_lie_on_the_picture_wherever_it_is_in_the_tile(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 255))
    last = data.draw(st.integers(first + 1, 256))
    for stride in STRIDES:
        rows, columns = Inside(first, 0, last, 256).cells(stride)
        assert 0 <= rows.start < rows.stop <= 256 // stride
        assert columns == slice(0, 256 // stride)


def _random_familiarity(features: int = FEATURES) -> Familiarity:
    rng = np.random.default_rng(0)
    weights, centre = rng.normal(0, 1, (2, features)).astype(np.float32)
    return Familiarity(weights, np.float32([0.25]), centre, rng.normal(0, 1, (features,) * 2).astype(np.float32))


def _rewritten(folder: Path, out: Path, familiarity: Familiarity | None) -> Path:
    bundle = load_bundle(folder)
    manifest = bundle.manifest
    write_bundle(
        out,
        name="seen",
        version="1",
        classes=manifest.classes,
        core_width_px=manifest.core_width_px,
        tile_shapes=manifest.tile_shapes,
        normalisation=manifest.normalisation,
        temperature=1.0,
        thresholds=THRESHOLDS,
        state_dict=unpack(bundle.weights),
        card="# Seen\n",
        familiarity=familiarity,
    )
    return out


def test_a_bundle_keeps_its_statistics_whole_and_its_segmenter_judges_by_them(
    random_bundle: Path, tmp_path: Path
) -> None:
    written = _random_familiarity()
    segmenter = TorchSegmenter.load(_rewritten(random_bundle, tmp_path / "seen", written), device="cpu")
    read = segmenter._familiarity
    assert read is not None
    for name, array in written.arrays.items():
        assert np.array_equal(read.arrays[name], array)
    photo = photo_of(core_box(700, 300, cores=1, core_width=220))
    seen = segmenter.glimpse(photo)
    assert seen is not None
    assert seen.shape == (FEATURES,)
    warnings = segment(photo, PLAIN, segmenter).warnings
    assert (read.not_core(seen) > 0.5) is ("not_core" in warnings)
    assert {"not_core", "unlike_training_data"} & set(warnings)


def test_logits_are_the_same_whether_the_encoders_view_is_asked_for_or_not(random_bundle: Path) -> None:
    segmenter = TorchSegmenter.load(random_bundle, device="cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    looking = LookingTile(0, pixels, Inside(0, 0, 256, 256))
    (plain,), (asked,) = segmenter.forward([Tile(0, pixels)]), segmenter.forward([looking])
    assert np.array_equal(plain, asked)
    features = looking.glimpse.features
    assert features is not None
    assert np.isfinite(features).all()
    alike = LookingTile(0, pixels, Inside(0, 0, 128, 256))
    segmenter.forward([alike])
    assert not np.allclose(features, alike.glimpse.features)


def test_a_bundle_without_statistics_warns_of_nothing_whatever_its_thresholds_say(
    random_bundle: Path, tmp_path: Path
) -> None:
    segmenter = TorchSegmenter.load(_rewritten(random_bundle, tmp_path / "plain", None), device="cpu")
    found = segment(photo_of(core_box(400, 200, cores=1, core_width=150)), PLAIN, segmenter)
    assert not {"not_core", "unlike_training_data"} & set(found.warnings)


SPOILT: list[Callable[[dict[str, np.ndarray]], None]] = [
    lambda arrays: arrays.pop(f"{PREFIX}bias"),
    lambda arrays: arrays.update({f"{PREFIX}weights": np.zeros(FEATURES - 1, np.float32)}),
    lambda arrays: arrays.update({f"{PREFIX}more": np.zeros(1, np.float32)}),
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_statistics_in_part_or_of_another_network_are_refused(spoil: Callable[[dict[str, np.ndarray]], None]) -> None:
    arrays = dict(_random_familiarity().arrays)
    spoil(arrays)
    with pytest.raises(BundleError, match="statistics"):
        Familiarity.of(arrays, FEATURES)


def test_statistics_of_another_network_are_not_written(random_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="statistics"):
        _rewritten(random_bundle, tmp_path / "other", _random_familiarity(100))


@pytest.mark.parametrize("name", ["not_core", "unlike_training_data", "low_confidence"])
def test_a_threshold_out_of_range_is_refused(
    rewrite_manifest: Callable[[Callable[[dict], None]], Path], name: str
) -> None:
    folder = rewrite_manifest(lambda manifest: manifest["thresholds"].update({name: -0.1}))
    with pytest.raises(BundleError, match=f"threshold {name}"):
        load_bundle(folder)
