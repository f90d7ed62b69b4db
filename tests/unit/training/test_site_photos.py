"""Photos with masks: what they mean, and one plain sentence for each thing that is wrong with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from site_photos import CLASSES, COLOURS, core_mask, photo_of, write_classes, write_jpeg, write_palette, write_site

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.read import read_dataset
from rockseg_training.labels import ROCK, UNLABELLED, joined, space_of, translation
from rockseg_training.reference import REFERENCE


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_site(tmp_path / "data", {"BH1_1": core_mask(), "BH2_1": core_mask()})


def refused(data: Path) -> str:
    """The one sentence."""
    with pytest.raises(DatasetError) as caught:
        read_dataset(data, REFERENCE).count()
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


def test_photos_come_with_their_labels_hole_and_scale(data: Path) -> None:
    photos = list(read_dataset(data, REFERENCE).photos())
    assert [(photo.name, photo.hole) for photo in photos] == [("BH1_1.jpg", "BH1"), ("BH2_1.jpg", "BH2")]
    assert np.array_equal(photos[0].labels, core_mask())
    assert photos[0].pixels.shape == (320, 200, 3)
    assert photos[0].core_width_px == 120


def test_into_the_models_space_a_class_goes_by_its_name_and_a_new_one_comes_last(data: Path) -> None:
    own = read_dataset(data, REFERENCE)
    space = joined(REFERENCE, own.space)
    assert space.names == (*REFERENCE.names, "tuff")
    labels = next(own.into(space).photos()).labels
    assert set(np.unique(labels)) == {space.label[name] for name in CLASSES}
    assert (labels == space.label["mudstone"]).sum() == (core_mask() == 2).sum()
    assert space.sets[ROCK] == tuple(range(1, 13))


def test_drawn_rock_that_a_space_has_not_is_rock_of_unknown_kind() -> None:
    small = space_of([REFERENCE.classes[0], REFERENCE.classes[3]])
    table = translation(REFERENCE, small)
    assert table[0] == 0
    assert table[REFERENCE.label["mudstone"]] == 1
    assert table[REFERENCE.label["crust"]] == small.label[ROCK]
    assert table[UNLABELLED] == UNLABELLED


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_mask_may_be_a_palette_or_grey_numbers_even_saved_as_colour(data: Path, mode: str) -> None:
    mask = core_mask()
    image = Image.fromarray(mask, "L") if mode != "RGB" else Image.fromarray(np.repeat(mask[..., None], 3, 2))
    image.save(data / "masks" / "BH1_1.png") if mode != "P" else write_palette(data / "masks" / "BH1_1.png", mask)
    assert np.array_equal(next(read_dataset(data, REFERENCE).photos()).labels, mask)


def test_without_a_list_of_classes_the_numbers_are_those_of_the_starting_bundle(data: Path) -> None:
    (data / "classes.json").unlink()
    mask = np.full((320, 200), 11, np.uint8)
    mask[:20], mask[20:40] = 254, 255
    for name in ("BH1_1", "BH2_1"):
        Image.fromarray(mask).save(data / "masks" / f"{name}.png")
    labels = next(read_dataset(data, REFERENCE).photos()).labels
    assert set(np.unique(labels)) == {11, REFERENCE.label[ROCK], UNLABELLED}


def test_masks_as_segment_names_them_are_found(data: Path) -> None:
    mask = data / "masks" / "BH1_1.png"
    mask.rename(mask.with_name("BH1_1-mask.png"))
    assert len(read_dataset(data, REFERENCE).entries) == 2


def test_sets_of_the_list_of_classes_stand_for_what_cannot_be_told_apart(data: Path) -> None:
    write_classes(data, CLASSES, sets={"sandy": ["sandstone", "tuff"], "any two": ["mudstone", "tuff"]})
    mask = core_mask(rocks=(240, 241, 254))
    mask[:5] = 255
    Image.fromarray(mask).save(data / "masks" / "BH1_1.png")
    own = read_dataset(data, REFERENCE)
    photo = next(own.photos())
    at = {label: photo.labels[mask == value] for label, value in (("sandy", 240), ("any two", 241), (ROCK, 254))}
    for name, labels in at.items():
        assert (labels == own.space.label[name]).all()
    assert own.space.sets["sandy"] == (1, 3)
    assert (photo.labels[:5] == UNLABELLED).all()
    space = joined(REFERENCE, own.space)
    allowed = space.allowed()[space.label["sandy"]]
    assert [name for name, may in zip(space.names, allowed, strict=True) if may] == ["sandstone", "tuff"]


def test_a_class_may_name_its_number(data: Path) -> None:
    write_classes(data, [{"name": "background", "value": 0}, {"name": "tuff", "value": 7, "rgb": [9, 9, 9]}])
    for name in ("BH1_1", "BH2_1"):
        Image.fromarray(core_mask(rocks=(7,))).save(data / "masks" / f"{name}.png")
    own = read_dataset(data, REFERENCE)
    assert set(np.unique(next(own.photos()).labels)) == {0, 1}
    assert own.space.classes[1].rgb == (9, 9, 9)


def test_a_photo_without_a_mask_is_named(data: Path) -> None:
    (data / "masks" / "BH2_1.png").unlink()
    said = refused(data)
    assert "no mask" in said
    assert "BH2_1.jpg" in said
    assert "BH1_1.jpg" not in said


def test_many_missing_masks_are_counted(data: Path) -> None:
    for number in range(9):
        write_jpeg(data / "photos" / f"BH3_{number}.jpg", photo_of(core_mask()))
    assert "and 4 more" in refused(data)


def test_a_mask_of_another_size_than_its_photo_is_named_with_both_sizes(data: Path) -> None:
    write_palette(data / "masks" / "BH2_1.png", core_mask(300, 210))
    said = refused(data)
    assert "BH2_1.png" in said
    assert "210 × 300" in said
    assert "200 × 320" in said


def test_a_photo_that_the_camera_turned_wants_its_mask_as_it_is_shown(data: Path) -> None:
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(photo_of(core_mask()))))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter, clockwise
    turned.save(data / "photos" / "BH1_1.jpg", exif=exif)
    photo = next(read_dataset(data, REFERENCE).photos())
    assert photo.pixels.shape[:2] == photo.labels.shape == (320, 200)


def test_a_number_that_is_no_class_is_named_with_its_pixels(data: Path) -> None:
    mask = core_mask()
    mask[0, :3] = 9
    Image.fromarray(mask).save(data / "masks" / "BH2_1.png")
    said = refused(data)
    for wanted in ("BH2_1.png", "3 pixels of 9", "3 tuff"):
        assert wanted in said


def test_a_palette_in_another_order_than_the_list_of_classes_is_refused(data: Path) -> None:
    write_palette(data / "masks" / "BH2_1.png", core_mask(), (COLOURS[0], COLOURS[2], COLOURS[1], COLOURS[3]))
    said = refused(data)
    for wanted in ("palette", "BH2_1.png", "the colour of mudstone", "1 is sandstone", "another order"):
        assert wanted in said


def test_a_palette_of_other_colours_is_refused_only_where_the_list_gives_a_colour(data: Path) -> None:
    strange = ((0, 0, 0), (1, 2, 3), (4, 5, 6), (7, 8, 9))
    write_palette(data / "masks" / "BH2_1.png", core_mask(), strange)
    read_dataset(data, REFERENCE).count()
    write_classes(data, ["background", "sandstone", "mudstone", {"name": "tuff", "rgb": [200, 0, 0]}])
    assert "tuff, (200, 0, 0)" in refused(data)


def test_a_palette_of_greys_means_nothing(data: Path) -> None:
    write_palette(data / "masks" / "BH2_1.png", core_mask(), [(grey, grey, grey) for grey in range(256)])
    write_classes(data, ["background", {"name": "sandstone", "rgb": [2, 2, 2]}, "mudstone", "tuff"])
    (data / "masks" / "BH1_1.png").write_bytes((data / "masks" / "BH2_1.png").read_bytes())
    assert len(read_dataset(data, REFERENCE).count()) == 2


def test_a_colour_picture_is_no_mask(data: Path) -> None:
    cv2.imwrite(str(data / "masks" / "BH2_1.png"), photo_of(core_mask()))
    assert "BH2_1.png is a colour picture" in refused(data)


def test_a_mask_cut_off_is_refused(data: Path) -> None:
    mask = data / "masks" / "BH2_1.png"
    mask.write_bytes(mask.read_bytes()[:-20])
    assert "BH2_1.png cannot be read" in refused(data)


@pytest.mark.parametrize("content", [b"", b"no photo", b"\xff\xd8\xff\xe0 cut off"])
def test_a_photo_that_cannot_be_read_is_named(data: Path, content: bytes) -> None:
    (data / "photos" / "BH2_1.jpg").write_bytes(content)
    assert "BH2_1.jpg cannot be read" in refused(data)


def test_a_folder_without_photos_says_what_belongs_there(tmp_path: Path) -> None:
    assert "photos/NAME.jpg with masks/NAME.png" in refused(tmp_path)
    (tmp_path / "photos").mkdir()
    assert "no photos in" in refused(tmp_path)


def test_two_photos_of_one_name_are_refused_for_their_mask_could_be_either_s(data: Path) -> None:
    write_jpeg(data / "photos" / "BH1_1.png", photo_of(core_mask()))
    assert "BH1_1.jpg and BH1_1.png" in refused(data)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("{", "not as a list of classes should be"),
        ('{"klasses": []}', "klasses"),
        ('{"classes": []}', "first class is to be 'background'"),
        ('{"classes": ["sandstone", "background"]}', "first class is to be 'background'"),
        ('{"classes": ["background"]}', "lists no rock"),
        ('{"classes": ["background", "tuff", "Tuff"]}', "tuff twice"),
        ('{"classes": ["background", "rock"]}', "'rock' always means"),
        ('{"classes": ["background", "tuff", {"name": "ash", "value": 1}]}', "each once"),
        ('{"classes": ["background", {"name": "tuff", "value": 240}]}', "from 0 to 239"),
        ('{"classes": ["background", {"name": "tuff", "rgb": [0, 0, 256]}]}', "colour of tuff"),
        ('{"classes": ["background", "tuff"], "sets": {"a": ["tuff", "ash"]}}', "names ash"),
        ('{"classes": ["background", "tuff"], "sets": {"a": ["tuff"]}}', "two rocks or more"),
    ],
)
def test_a_bad_list_of_classes_says_what_is_wrong_with_it(data: Path, content: str, wanted: str) -> None:
    (data / "classes.json").write_text(content)
    said = refused(data)
    assert "classes.json" in said
    assert wanted in said
