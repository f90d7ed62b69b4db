import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rockseg_model.tiling import (
    MARGIN_PX,
    STEP_PX,
    area,
    cover,
    least_cover,
    least_cover_area,
    starts,
)

SHAPES = ((1024, 256), (256, 1024), (704, 384), (384, 704), (512, 512))

lengths = st.integers(1, 9000)
sides = st.sampled_from([128, *sorted({side for shape in SHAPES for side in shape})])
sizes = st.tuples(st.integers(1, 3000), st.integers(1, 3000))


@given(lengths, sides, st.booleans())
def test_tiles_overlap_by_half_start_in_steps_of_32_and_leave_no_pixel_out(
    length: int, side: int, shifted: bool
) -> None:
    places = starts(length, side, shifted=shifted)
    assert places[0] <= -MARGIN_PX
    assert places[-1] + side >= length + MARGIN_PX
    assert all((place - places[0]) % STEP_PX == 0 and -side < place < length for place in places)
    assert all(left < right <= left + side / 2 for left, right in itertools.pairwise(places))


@given(lengths, sides)
def test_no_tile_is_more_than_needed(length: int, side: int) -> None:
    count = len(starts(length, side))
    assert count == 1 or (count - 2) * (side // 2 // STEP_PX * STEP_PX) + side < length + 2 * MARGIN_PX


@given(lengths, sides)
def test_what_tiles_reach_beyond_the_picture_lies_on_both_sides_alike(length: int, side: int) -> None:
    places = starts(length, side)
    assert abs(places[-1] + side - length + places[0]) <= 1


@given(lengths, sides)
def test_a_shifted_grid_has_the_same_phase_so_that_only_its_borders_differ(length: int, side: int) -> None:
    plain, shifted = starts(length, side), starts(length, side, shifted=True)
    assert (plain[0] - shifted[0]) % STEP_PX == 0
    assert shifted[0] < plain[0] if len(plain) > 1 else shifted == plain


@given(sizes, st.booleans())
def test_every_pixel_is_covered_by_tiles_of_one_shape_of_the_manifest(size: tuple[int, int], shifted: bool) -> None:
    places = least_cover(size, SHAPES, shifted=shifted)
    assert {(place.height, place.width) for place in places} <= set(SHAPES)
    assert len({(place.height, place.width) for place in places}) == 1
    seen = np.zeros(size, bool)
    for place in places:
        seen[max(0, place.top) : place.bottom, max(0, place.left) : place.right] = True
    assert seen.all()


@given(sizes)
def test_no_other_shape_covers_with_less(size: tuple[int, int]) -> None:
    least = area(least_cover(size, SHAPES))
    assert least == min(area(cover(size, shape)) for shape in SHAPES) == least_cover_area(size, SHAPES)


def test_a_shape_is_chosen_by_the_tiles_that_are_wanted() -> None:
    # Rock in one upright strip of a square picture: two upright tiles see it all.
    places = least_cover((1984, 1984), SHAPES, wanted=lambda place: place.left < 60)
    assert {(place.height, place.width) for place in places} == {(1024, 256)}


def test_a_picture_of_64_million_by_1_is_counted_and_not_listed() -> None:
    assert least_cover_area((64_000_000, 1), SHAPES) > 1 << 34


def test_tiles_too_small_for_the_overlap_still_cover() -> None:
    assert starts(200, 64) == (-28, 4, 36, 68, 100, 132, 164)
