"""Whole holes are held out, never photos of one hole on both sides; and what could only disappoint is said first."""

from pathlib import Path

import numpy as np
import pytest
from site_photos import CLASSES, core_mask, write_site

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.holes import NO_HOLE, held_out_holes, hole_of
from rockseg_training.reference import REFERENCE
from rockseg_training.site_data import SiteData, read_site


def site(
    data: Path, names: list[str], rocks: dict[str, tuple[int, ...]] | None = None, wanted: tuple[str, ...] = ()
) -> tuple[SiteData, list[str]]:
    write_site(data, {name: core_mask(rocks=(rocks or {}).get(name, (1, 2, 3))) for name in names})
    said: list[str] = []
    return read_site(data, REFERENCE, frozenset(wanted), said.append), said


TWELVE = [f"BH{hole}_{number}" for hole in range(1, 5) for number in range(3)]


def test_a_hole_is_on_one_side_only(tmp_path: Path) -> None:
    split, said = site(tmp_path, TWELVE)
    assert split.held_out.entries
    assert not set(split.training.holes) & set(split.held_out.holes)
    assert len(split.training.entries) + len(split.held_out.entries) == 12
    assert f"all of {split.held_out.holes[0]}" in said[-1]


def test_the_split_is_by_names_alone() -> None:
    counts = {f"BH{hole}": [np.ones(256, np.int64)] * 3 for hole in range(8)}
    held = held_out_holes(counts, 3, 0.2)
    assert held == held_out_holes(dict(reversed(counts.items())), 3, 0.2)
    assert 1 <= len(held) <= 3


def test_no_class_leaves_the_training(tmp_path: Path) -> None:
    for only in range(1, 5):
        rocks = {name: (1, 2, 3) if name.startswith(f"BH{only}") else (1, 2) for name in TWELVE}
        split, _ = site(tmp_path / str(only), TWELVE, rocks)
        assert split.shown("tuff") == 3


def test_with_one_hole_it_says_that_there_is_nothing_to_validate_on(tmp_path: Path) -> None:
    split, said = site(tmp_path, ["BH1_1", "BH1_2"])
    assert not split.held_out.entries
    assert "All photos are of one hole, BH1: there is nothing to validate on" in said[-1]


def test_with_names_that_tell_no_hole_it_says_how_to_tell(tmp_path: Path) -> None:
    split, said = site(tmp_path, ["1", "2"])
    assert not split.held_out.entries
    assert "holes.csv" in said[-1]


def test_where_each_hole_has_a_rock_of_its_own_nothing_is_held_out(tmp_path: Path) -> None:
    split, said = site(tmp_path, ["A_1", "B_1", "C_1"], {"A_1": (1,), "B_1": (2,), "C_1": (3,)})
    assert not split.held_out.entries
    assert "a rock that no other shows" in said[-1]


def test_holes_may_be_chosen(tmp_path: Path) -> None:
    split, _ = site(tmp_path, TWELVE, wanted=("BH2", "BH3"))
    assert split.held_out.holes == ("BH2", "BH3")


@pytest.mark.parametrize(
    ("wanted", "sentence"), [(("BH9",), "no hole BH9"), (("BH1", "BH2", "BH3", "BH4"), "nothing is left")]
)
def test_a_choice_that_cannot_be_is_refused(tmp_path: Path, wanted: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        site(tmp_path, TWELVE, wanted=wanted)


def test_a_new_class_that_only_held_out_holes_show_is_refused(tmp_path: Path) -> None:
    rocks = {name: (1, 2, 3) if name.startswith("BH2") else (1, 2) for name in TWELVE}
    with pytest.raises(DatasetError, match="Only the holes held out show tuff"):
        site(tmp_path, TWELVE, rocks, ("BH2",))


def test_a_new_class_without_a_pixel_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No pixel is labelled tuff"):
        site(tmp_path, ["A_1", "B_1"], {"A_1": (1, 2), "B_1": (1, 2)})


def test_a_known_class_without_a_pixel_is_only_told(tmp_path: Path) -> None:
    _, said = site(tmp_path, ["A_1", "B_1"], {"A_1": (1, 3), "B_1": (1, 3)})
    assert any("No pixel is labelled mudstone" in line for line in said)


def test_labels_without_any_rock_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No label shows any rock"):
        site(tmp_path, ["A_1"], {"A_1": (0,)})


def test_a_new_name_close_to_a_known_one_is_pointed_out(tmp_path: Path) -> None:
    write_site(tmp_path, {"A_1": core_mask()}, ["background", "sandstone", "mudstone", "anhydrit"])
    said: list[str] = []
    read_site(tmp_path, REFERENCE, frozenset(), said.append)
    assert "New to the model: anhydrit. If anhydrite is meant, call it so." in said


def test_a_table_says_which_hole_and_how_wide_a_core(tmp_path: Path) -> None:
    write_site(tmp_path, {"a": core_mask(), "b": core_mask()}, CLASSES)
    (tmp_path / "holes.csv").write_text("\ufeffphoto,hole,core_width_px\na.jpg,X,99.5\nb,Y,\n", encoding="utf-8")
    photos = list(read_site(tmp_path, REFERENCE, frozenset({"Y"}), lambda _: None).training.photos())
    assert [(photo.hole, photo.core_width_px) for photo in photos] == [("X", 99.5)]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("photo,hole\na.jpg,X\n", "no line for b.jpg"),
        ("photo,hole\na.jpg,X\nb.jpg,Y\nc.jpg,Z\n", "not there: c.jpg"),
        ("name,well\na,X\n", "photo,hole"),
        ("photo,hole\na.jpg,X\na.jpg,Y\n", "second time"),
        ("photo,hole,core_width_px\na.jpg,X,wide\n", "line 2"),
        ("photo,hole\na.jpg,\n", "line 2"),
    ],
)
def test_a_table_that_does_not_fit_the_photos_is_refused(tmp_path: Path, table: str, sentence: str) -> None:
    write_site(tmp_path, {"a": core_mask(), "b": core_mask()})
    (tmp_path / "holes.csv").write_text(table)
    with pytest.raises(DatasetError, match=sentence):
        read_site(tmp_path, REFERENCE, frozenset(), lambda _: None)


@pytest.mark.parametrize(
    ("stem", "hole"),
    [("BH07_123.5", "BH07"), ("204-19-6_box1", "204-19-6"), ("A-12", "A"), ("box17", NO_HOLE), ("_1", NO_HOLE)],
)
def test_a_name_begins_with_its_hole(stem: str, hole: str) -> None:
    assert hole_of(stem) == hole
