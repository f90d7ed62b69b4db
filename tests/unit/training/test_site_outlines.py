"""Outlines drawn in labelme: what lies on what, holes, and what is wrong with them."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from site_photos import core_mask, photo_of, write_classes, write_jpeg

from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.read import read_dataset
from rockseg_training.labels import UNLABELLED, Labels
from rockseg_training.reference import REFERENCE


def square(label: str, left: float, top: float, right: float, bottom: float, kind: str = "polygon") -> dict[str, Any]:
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return {"label": label, "points": corners if kind == "polygon" else corners[::2], "shape_type": kind, "flags": {}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_jpeg(tmp_path / "BH1_1.jpg", photo_of(core_mask()))
    draw(tmp_path, [square("sandstone", 10, 10, 100, 100)])
    return tmp_path


def draw(data: Path, shapes: list[dict[str, Any]], name: str = "BH1_1", **more: object) -> None:
    content = {
        "version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": f"{name}.jpg", "imageData": None,
        "imageHeight": 320, "imageWidth": 200, **more,
    }  # fmt: skip
    (data / f"{name}.json").write_text(json.dumps(content))


def labels_of(data: Path) -> Labels:
    return next(read_dataset(data, REFERENCE).photos()).labels


def refused(data: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        read_dataset(data, REFERENCE).count()
    return caught.value.sentence


def test_inside_an_outline_is_its_class_and_outside_is_background(data: Path) -> None:
    labels = labels_of(data)
    assert labels.shape == (320, 200)
    assert (labels[11:100, 11:100] == REFERENCE.label["sandstone"]).all()
    assert not labels[:, 102:].any()
    assert not labels[102:].any()


def test_outside_may_be_unlabelled(data: Path) -> None:
    write_classes(data, ["background", "sandstone"], outside="unlabelled")
    assert (labels_of(data)[150:] == UNLABELLED).all()


def test_a_later_outline_lies_on_an_earlier_one(data: Path) -> None:
    under, over = square("sandstone", 10, 10, 100, 100), square("mudstone", 50, 50, 150, 150)
    draw(data, [under, over])
    assert labels_of(data)[75, 75] == REFERENCE.label["mudstone"]
    draw(data, [over, under])
    assert labels_of(data)[75, 75] == REFERENCE.label["sandstone"]


@pytest.mark.parametrize(("word", "label"), [("_background_", 0), ("background", 0), ("__ignore__", UNLABELLED)])
def test_a_hole_is_an_outline_of_background_on_the_rock(data: Path, word: str, label: int) -> None:
    draw(data, [square("sandstone", 10, 10, 100, 100), square(word, 40, 40, 60, 60)])
    labels = labels_of(data)
    assert labels[50, 50] == label
    assert labels[30, 30] == REFERENCE.label["sandstone"]
    assert labels[80, 80] == REFERENCE.label["sandstone"]


def test_an_outline_need_not_be_convex(data: Path) -> None:
    bow = [[10, 10], [100, 10], [100, 100], [80, 100], [80, 30], [30, 30], [30, 100], [10, 100]]
    draw(data, [{"label": "Marl rock", "points": bow, "shape_type": "polygon"}])
    labels = labels_of(data)
    assert labels[20, 50] == labels[80, 20] == labels[80, 90] == REFERENCE.label["marl rock"]
    assert labels[80, 50] == 0


def test_an_outline_may_leave_the_photo(data: Path) -> None:
    draw(data, [square("sandstone", -50.5, -20, 400, 50.2), square("mudstone", 150, 100, 900, 900, "rectangle")])
    labels = labels_of(data)
    assert (labels[:50] == REFERENCE.label["sandstone"]).all()
    assert (labels[101:, 151:] == REFERENCE.label["mudstone"]).all()


def test_circles_and_stamped_masks_count_too(data: Path) -> None:
    stamp = io.BytesIO()
    Image.fromarray(np.eye(8, dtype=bool)).save(stamp, "PNG")
    draw(data, [
        {"label": "sandstone", "points": [[50, 50], [50, 70]], "shape_type": "circle"},
        {"label": "mudstone", "points": [[100, 200], [107, 207]], "shape_type": "mask",
         "mask": base64.b64encode(stamp.getvalue()).decode()},
    ])  # fmt: skip
    labels = labels_of(data)
    assert labels[50, 65] == REFERENCE.label["sandstone"]
    assert labels[65, 65] == 0
    assert labels[203, 103] == REFERENCE.label["mudstone"]
    assert labels[203, 104] == 0


def test_a_set_may_be_outlined(data: Path) -> None:
    write_classes(data, ["background", "sandstone", "siltstone"], sets={"sandy": ["sandstone", "siltstone"]})
    draw(data, [square("sandy", 10, 10, 100, 100), square("rock", 10, 150, 100, 200)])
    space = read_dataset(data, REFERENCE).space
    labels = labels_of(data)
    assert labels[50, 50] == space.label["sandy"]
    assert labels[175, 50] == space.label["rock"]


def test_photos_without_outlines_are_yet_to_be_labelled(data: Path) -> None:
    write_jpeg(data / "BH2_1.jpg", photo_of(core_mask()))
    assert [entry.name for entry in read_dataset(data, REFERENCE).entries] == ["BH1_1.jpg"]


def test_a_word_that_is_no_class_is_named_with_those_there_are(data: Path) -> None:
    draw(data, [square("sandstnoe", 10, 10, 100, 100)])
    said = refused(data)
    for wanted in ("BH1_1.json", "'sandstnoe'", "sandstone, siltstone", "classes.json"):
        assert wanted in said


def test_outlines_of_a_photo_of_another_size_are_refused(data: Path) -> None:
    draw(data, [square("sandstone", 10, 10, 100, 100)], imageHeight=640)
    assert "200 × 640" in refused(data)


def test_outlines_without_their_photo_are_named(data: Path) -> None:
    (data / "BH1_1.jpg").unlink()
    assert "no photo for" in refused(data)


@pytest.mark.parametrize(
    "shape",
    [
        {"label": "sandstone", "points": [[1, 1], [9, 9]], "shape_type": "line"},
        {"label": "sandstone", "points": [[1, 1], [9, 9]], "shape_type": "polygon"},
        {"label": "sandstone", "points": [[1, 1]], "shape_type": "point"},
    ],
)
def test_what_encloses_nothing_is_refused(data: Path, shape: dict[str, Any]) -> None:
    draw(data, [shape])
    assert "encloses nothing" in refused(data)


@pytest.mark.parametrize("content", ["", "[]", '{"shapes": 3}', '{"shapes": [{"label": "a"}]}'])
def test_a_file_that_labelme_did_not_write_is_named(data: Path, content: str) -> None:
    (data / "BH1_1.json").write_text(content)
    assert "BH1_1.json is no file of outlines" in refused(data)
