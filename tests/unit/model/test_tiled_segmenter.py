import numpy as np
import pytest
from drawn import COLOURS, SHAPES, ColourNetwork, core_box, drawn_manifest, drawn_segmenter, photo_of
from hypothesis import given, settings
from hypothesis import strategies as st

from rockseg_core.domain.errors import FatalError, UsageError
from rockseg_core.domain.job import JobOptions
from rockseg_core.ports.segmenter import Tile
from rockseg_model.photo import segment
from rockseg_model.photo_plan import PhotoPlan
from rockseg_model.tiled_segmenter import TiledSegmenter
from rockseg_model.tiling import least_cover_area

PLAIN = JobOptions()


def _at(core_width_px: float) -> JobOptions:
    return JobOptions(core_width_px=core_width_px)


@pytest.mark.parametrize("size", [(500, 90), (90, 500), (300, 300), (64, 64), (33, 130)])
def test_at_the_networks_own_scale_every_pixel_is_exact(size: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).integers(0, 12, size).astype(np.uint8)
    mask = mask.repeat(5, axis=0)[: size[0]].repeat(5, axis=1)[:, : size[1]]
    for segmenter in (drawn_segmenter(), drawn_segmenter(shifted=True)):
        result = segment(photo_of(mask), _at(32), segmenter)
        assert np.array_equal(result.mask, mask)
        assert result.confident_share == 1
        assert result.core.source == "request"


@pytest.mark.parametrize("turned", [False, True])
def test_scale_axis_and_count_come_from_a_first_pass(turned: bool) -> None:
    mask = core_box(1500, 1100, cores=4, core_width=200)
    mask = np.ascontiguousarray(mask.T) if turned else mask
    result = segment(photo_of(mask), PLAIN, drawn_segmenter())
    assert result.core.source == "first_pass"
    assert result.core.width_px == pytest.approx(200, rel=0.04)
    assert (result.core.axis, result.core.count) == ("x" if turned else "y", 4)
    assert result.warnings == ("several_cores",)
    # At 32 px a core, an outline lies within a pixel of the network's: 6 of the photo's.
    assert (result.mask != mask).mean() < 0.04
    assert result.mask.shape == mask.shape


def test_a_core_that_the_network_would_want_larger_is_enlarged_by_half_and_said_so() -> None:
    mask = core_box(300, 24, cores=1, core_width=12)
    network = ColourNetwork()
    manifest = drawn_manifest()
    segmenter = TiledSegmenter(manifest, drawn_segmenter().ref, network)
    plan = segmenter.plan(photo_of(mask), PLAIN)
    sizes = []
    while tiles := plan.tiles():
        sizes.append(len(tiles))
        plan.add(tiles, segmenter.forward(tiles))
    result = segmenter.stitch(plan)
    assert "low_resolution" in result.warnings
    assert result.confidence.shape == (450, 36)
    assert (result.mask != mask).mean() < 0.05


def test_without_rock_the_shorter_side_is_the_core_and_nothing_is_skipped() -> None:
    result = segment(np.zeros((400, 128, 3), np.uint8), PLAIN, drawn_segmenter())
    assert (result.core.width_px, result.core.axis, result.core.source) == (128, "y", "guess")
    assert result.warnings == ("core_width_guessed",)
    assert not result.mask.any()
    assert result.confident_share == 1


def test_a_little_rock_is_found_although_it_says_nothing_of_the_scale() -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[200:240, 300:340] = 5
    result = segment(photo_of(mask), PLAIN, drawn_segmenter(drawn_manifest(core_width_px=400)))
    assert result.warnings == ("core_width_guessed",)
    assert np.array_equal(result.mask, mask)


def test_tiles_without_rock_are_skipped_and_are_background() -> None:
    mask = np.zeros((1024, 1024), np.uint8)
    mask[:, 40:104] = 3
    segmenter = drawn_segmenter()
    plan = segmenter.plan(photo_of(mask), _at(32))
    seen = []
    while tiles := plan.tiles():
        seen.append([tile.shape for tile in tiles])
        plan.add(tiles, segmenter.forward(tiles))
    result = segmenter.stitch(plan)
    looked_at = sum(height * width for shapes in seen[1:] for height, width in shapes)
    assert looked_at < least_cover_area((1024, 1024), SHAPES) / 2
    assert np.array_equal(result.mask, mask)
    assert result.confidence.min() > 250


def test_tiles_have_one_shape_of_the_manifest_and_are_numbered_through() -> None:
    segmenter = drawn_segmenter()
    mask = core_box(2000, 700, cores=3, core_width=150)
    plan = segmenter.plan(photo_of(mask), _at(30))
    indices: list[int] = []
    while tiles := plan.tiles():
        assert len({tile.shape for tile in tiles}) == 1
        assert tiles[0].shape in SHAPES
        assert plan.tiles()[0].index == tiles[0].index  # asking twice changes nothing
        indices += [tile.index for tile in tiles]
        plan.add(tiles, segmenter.forward(tiles))
    assert indices == list(range(len(indices)))
    assert len(indices) > 16 + 1  # several rounds


def test_the_order_and_grouping_of_answers_do_not_matter() -> None:
    segmenter = drawn_segmenter()
    photo = photo_of(core_box(900, 900, cores=3, core_width=150))
    plan = segmenter.plan(photo, _at(60))
    rng = np.random.default_rng(0)
    while tiles := plan.tiles():
        for index in rng.permutation(len(tiles)):
            plan.add([tiles[index]], segmenter.forward([tiles[index]]))
            if rng.random() < 0.3:
                plan.tiles()
    one, other = segmenter.stitch(plan), segment(photo, _at(60), segmenter)
    assert np.array_equal(one.mask, other.mask)
    assert np.array_equal(one.confidence, other.confidence)
    assert one.confident_share == other.confident_share


def test_what_else_a_class_may_be_is_the_posterior_averaged_over_its_pixels() -> None:
    # Half of the rock has a colour between those of sandstone and siltstone, and nearest to that of limestone.
    photo = photo_of(core_box(700, 260, cores=2, core_width=100, bed=700))
    between = (0.7 * COLOURS[1] + 0.3 * COLOURS[2]).astype(np.uint8)
    photo[350:][photo[350:].any(axis=2)] = between
    segmenter = drawn_segmenter(drawn_manifest(core_width_px=100))
    found = segment(photo, _at(100), segmenter)
    assert found.mean_posterior is not None
    logits = ColourNetwork()([photo])[0].astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=0)
    assert set(np.unique(found.mask)) == {0, 1, 5}
    for index in (1, 5):
        wanted = probabilities[:, found.mask == index].mean(axis=1)
        assert found.mean_posterior[index] == pytest.approx(wanted, abs=1e-5)
        assert np.sort(wanted)[-2] > 0.001
    assert not found.mean_posterior[[0, 2, 3, 4, *range(6, 12)]].any()


def test_a_tile_of_no_round_and_a_plan_without_its_logits_are_refused() -> None:
    segmenter = drawn_segmenter()
    plan = segmenter.plan(np.zeros((64, 64, 3), np.uint8), PLAIN)
    with pytest.raises(ValueError, match="missing"):
        segmenter.stitch(plan)
    tiles = plan.tiles()
    logits = segmenter.forward(tiles)
    with pytest.raises(ValueError, match="round"):
        plan.add([Tile(99, tiles[0].pixels)], logits)
    plan.add(tiles, logits)
    with pytest.raises(ValueError, match="round"):
        plan.add(tiles, logits)


@pytest.mark.parametrize("width", [0.0, -3.0, float("nan"), float("inf")])
def test_a_core_width_that_is_none_is_the_clients_fault(width: float) -> None:
    with pytest.raises(UsageError):
        drawn_segmenter().plan(np.zeros((8, 8, 3), np.uint8), JobOptions(core_width_px=width))


@pytest.mark.parametrize("width", [1e-9, 0.5, 1e9])
def test_an_absurd_core_width_costs_no_memory_and_still_answers(width: float) -> None:
    photo = photo_of(core_box(300, 200, cores=2, core_width=60))
    assert segment(photo, _at(width), drawn_segmenter()).mask.shape == (300, 200)


@pytest.mark.parametrize("options", [JobOptions(core_width_px=100_000), JobOptions(px_per_mm=20, core_mm=100)])
def test_a_core_wider_than_its_photo_is_measured_instead_and_said_so(options: JobOptions) -> None:
    mask = core_box(1500, 1100, cores=4, core_width=200)
    result = segment(photo_of(mask), options, drawn_segmenter())
    measured = segment(photo_of(mask), PLAIN, drawn_segmenter())
    assert result.warnings == ("core_width_implausible", "several_cores")
    assert result.core == measured.core
    assert np.array_equal(result.mask, measured.mask)


def test_a_core_broken_along_is_said_to_be_of_uncertain_width_unless_it_is_known() -> None:
    mask = np.full((360, 120), 4, np.uint8)
    mask[40:100, 59:62] = 0
    assert segment(photo_of(mask), PLAIN, drawn_segmenter()).warnings == ("core_width_uncertain",)
    assert "core_width_uncertain" not in segment(photo_of(mask), _at(120), drawn_segmenter()).warnings


def test_a_core_as_wide_as_the_longer_side_is_believed() -> None:
    result = segment(photo_of(np.full((40, 60), 3, np.uint8)), _at(60), drawn_segmenter())
    assert (result.core.source, result.core.width_px, result.warnings) == ("request", 60, ())


def test_a_photo_that_a_pass_cannot_afford_is_said_to_be_reduced_and_not_of_low_resolution() -> None:
    mask = np.full((20_800, 2000), 4, np.uint8)
    manifest = drawn_manifest(core_width_px=160)
    plan = drawn_segmenter(manifest).plan(photo_of(mask), _at(150))
    assert _warnings_at_the_second_pass(plan) == ["photo_reduced"]
    plan = drawn_segmenter(manifest).plan(photo_of(mask[:2000]), _at(150))
    assert _warnings_at_the_second_pass(plan) == []


def _warnings_at_the_second_pass(plan: PhotoPlan) -> list[str]:
    """Known as soon as its tiles are cut: their logits are not waited for."""
    network = ColourNetwork()
    while plan._second is None:
        tiles = plan.tiles()
        plan.add(tiles, network([tile.pixels for tile in tiles]))
        plan.tiles()
    return [warning for warning in plan._warnings if warning != "several_cores"]


def test_the_scale_may_be_said_in_pixels_a_millimetre() -> None:
    photo = photo_of(core_box(300, 200, cores=2, core_width=64))
    result = segment(photo, JobOptions(px_per_mm=1.6, core_mm=40), drawn_segmenter())
    assert (result.core.width_px, result.core.source) == (64, "request")


def test_the_confidence_map_has_half_a_megapixel_at_most() -> None:
    mask = core_box(1200, 900, cores=1, core_width=800)
    result = segment(photo_of(mask), _at(32), drawn_segmenter())
    assert result.confidence.size <= 500_000
    large = segment(photo_of(mask), _at(800), drawn_segmenter(drawn_manifest(core_width_px=800)))
    assert 450_000 < large.confidence.size <= 500_000


@settings(deadline=None, max_examples=40)
@given(height=st.integers(1, 400), width=st.integers(1, 400), core=st.none() | st.floats(4, 500))
def test_photos_of_any_size_come_back_at_that_size(height: int, width: int, core: float | None) -> None:
    mask = np.full((height, width), 4, np.uint8)
    result = segment(photo_of(mask), JobOptions(core_width_px=core), drawn_segmenter())
    assert result.mask.shape == (height, width)
    assert (result.mask == 4).all()


@pytest.mark.parametrize("size", [(4000, 100), (100, 4000), (20_000, 1), (1, 40_000), (1, 1)])
def test_strips_of_any_proportion_are_segmented(size: tuple[int, int]) -> None:
    mask = np.full(size, 2, np.uint8)
    along = size.index(max(size))
    half = max(size) // 2
    mask[(slice(half, None), slice(None)) if along == 0 else (slice(None), slice(half, None))] = 9
    result = segment(photo_of(mask), PLAIN, drawn_segmenter())
    assert result.core.axis == ("y" if along == 0 else "x")
    assert (result.mask != mask).mean() <= 0.01


def test_the_self_test_tells_a_broken_machine() -> None:
    assert drawn_segmenter().self_test()

    class Dead(ColourNetwork):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = value

        def _logits(self, tile: np.ndarray) -> np.ndarray:
            return np.full((12, *tile.shape[:2]), self.value, np.float32)

    class Failing(ColourNetwork):
        def _logits(self, tile: np.ndarray) -> np.ndarray:
            raise FatalError(f"no device for {tile.shape}")

    good = drawn_segmenter()
    for broken in (Dead(0), Dead(float("nan")), Failing()):
        assert not TiledSegmenter(good.manifest, good.ref, broken).self_test()


def test_a_batch_of_unlike_tiles_is_a_callers_bug() -> None:
    tiles = [Tile(0, np.zeros((64, 256, 3), np.uint8)), Tile(1, np.zeros((128, 128, 3), np.uint8))]
    with pytest.raises(ValueError, match="shapes"):
        drawn_segmenter().forward(tiles)
