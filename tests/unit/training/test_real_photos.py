"""Real photos: read with their masks, split by what is held out, cut at the right scale."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from rockseg_training.album import Album
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Photo, mask_core_width
from rockseg_training.datasets.shared import read_shared, read_textures, shown_rocks
from rockseg_training.folds import FOLDS
from rockseg_training.labels import ROCK, UNLABELLED
from rockseg_training.photo_crop import crop_photo
from rockseg_training.reference import LIME_OR_MARL, MUD_OR_LIME, REFERENCE
from rockseg_training.reference_recipe import (
    FOLDER_SHARES,
    KIND_SHARES,
    groups_of,
    reference_photos,
    reference_recipe,
)

MUD_OR_LIME_LABEL, LIME_OR_MARL_LABEL = REFERENCE.label[MUD_OR_LIME], REFERENCE.label[LIME_OR_MARL]


def _box(data: Path, name: str, ending: str) -> None:
    """Two cores of 40 pixels, upright, with an unsure rim."""
    folder = data / Path(name).parent
    folder.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((300, 200), np.uint8)
    for left in (20, 120):
        mask[10:290, left : left + 40] = 1
    pixels = np.full((300, 200, 3), 200, np.uint8)
    pixels[mask == 1] = 60
    mask[10:290, 58:62] = 255
    cv2.imwrite(str(data / f"{name}.jpg"), pixels)
    cv2.imwrite(str(data / f"{name}{ending}"), mask)


def _strip(data: Path) -> None:
    """Black, sandstone, mudstone from 100, interbedded from 200; 40 pixels wide."""
    (data / "strips").mkdir()
    lithology, facies = np.zeros((300, 40), np.uint8), np.zeros((300, 40), np.uint8)
    lithology[10:100], lithology[100:] = 1, 4
    facies[200:] = 3
    for name, picture in (("", np.full((300, 40, 3), 120, np.uint8)), ("-lithology", lithology), ("-facies", facies)):
        cv2.imwrite(str(data / "strips" / f"strip-fig11A{name}.{'png' if name else 'jpg'}"), picture)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in ("core-boxes/box-02", "core-boxes/box-08"):
        _box(tmp_path, name, ".rock.png")
    for name in ("boxes-carbonate/corebox-01", "boxes-carbonate/corebox-03"):
        _box(tmp_path, name, "-mask.png")
    (tmp_path / "textures").mkdir()
    for name in ("marl-carbonate-01", "marl-carbonate-02", "sandstone-strip-01", "conglomerate-outcrop-01"):
        cv2.imwrite(str(tmp_path / "textures" / f"{name}.jpg"), np.full((60, 50, 3), 90, np.uint8))
    (tmp_path / "textures" / "carbonate-crops.csv").write_text(
        "file,box\nmarl-carbonate-01.jpg,corebox-01\nmarl-carbonate-02.jpg,corebox-03\n"
    )
    (tmp_path / "boxes-carbonate" / "labels.csv").write_text(
        "file,column,y_top,y_bottom,CaCO3_pct_from_XRF,class\n"
        "corebox-03.jpg,1,0,99,90.0,limestone\n"
        "corebox-03.jpg,1,100,199,76.0,transition\n"
        "corebox-03.jpg,2,100,199,50.0,marl\n"
    )
    _strip(tmp_path)
    return tmp_path


@pytest.mark.parametrize("fold", ["1", "2", "3"])
def test_no_photo_is_both_trained_on_and_left_out(data: Path, fold: str) -> None:
    photos = reference_photos(data)
    learnt, judged = (
        {entry.name for entry in part.entries} for part in (FOLDS[fold].training(photos), FOLDS[fold].left_out(photos))
    )
    assert not learnt & judged
    assert learnt | judged == {entry.name for entry in photos.entries}


def test_the_first_fold_leaves_out_its_boxes_their_crops_and_the_strips_of_its_well(data: Path) -> None:
    left_out = {entry.name for entry in FOLDS["1"].left_out(reference_photos(data)).entries}
    assert left_out == {
        "core-boxes/box-02", "boxes-carbonate/corebox-01", "marl-carbonate-01", "sandstone-strip-01",
        "strips/strip-fig11A",
    }  # fmt: skip


def test_the_generator_paints_with_no_texture_of_what_is_left_out(data: Path) -> None:
    recipe = reference_recipe(1, data, FOLDS["1"])
    assert recipe.patches_left_out == {"marl-carbonate-01", "sandstone-strip-01"}
    assert recipe.families == "train"
    assert not reference_recipe(1, data).patches_left_out


def test_photos_left_out_give_no_scraps_nor_do_those_without_an_outline(data: Path) -> None:
    assert {entry.name for entry in reference_recipe(1, data).scraps} >= {"core-boxes/box-02", "core-boxes/box-08"}
    fold = {entry.name for entry in reference_recipe(1, data, FOLDS["1"]).scraps}
    assert fold == {"core-boxes/box-08", "boxes-carbonate/corebox-03"}


def test_masks_become_labels_that_say_what_the_rock_may_be(data: Path) -> None:
    by_name = {photo.name: set(np.unique(photo.labels).tolist()) for photo in read_shared(data).photos()}
    assert by_name["core-boxes/box-08"] == {0, MUD_OR_LIME_LABEL, UNLABELLED}
    assert by_name["boxes-carbonate/corebox-01"] == {0, LIME_OR_MARL_LABEL, UNLABELLED}


def test_measured_rows_say_the_kind_and_a_transition_does_not(data: Path) -> None:
    limestone, marl = REFERENCE.label["limestone"], REFERENCE.label["marl rock"]
    box = next(entry for entry in read_shared(data).entries if entry.name == "boxes-carbonate/corebox-03")
    labels = box.labels()
    assert np.unique(labels[10:100, 20:58]).tolist() == [limestone]  # the first core's first row
    assert np.unique(labels[100:200, 120:158]).tolist() == [marl]  # the second core's second
    assert np.unique(labels[100:200, 20:58]).tolist() == [LIME_OR_MARL_LABEL]
    assert not (labels[:, 70:110] != 0).any()


def test_a_strip_says_rock_and_no_kind_near_a_contact(data: Path) -> None:
    strip = next(entry for entry in read_shared(data).entries if entry.name == "strips/strip-fig11A")
    labels = strip.labels()[:, 0]
    rock, sandstone, mudstone = (REFERENCE.label[name] for name in (ROCK, "sandstone", "mudstone"))
    interlayered = REFERENCE.label["interlayered sandstones and mudstones"]
    assert (labels[20:80] == sandstone).all()
    assert (labels[88:112] == rock).all()
    assert (labels[120:180] == mudstone).all()
    assert (labels[220:] == interlayered).all()
    assert (labels[:10] == 0).all()


def test_rocks_of_known_kind_are_counted_by_photo(data: Path) -> None:
    photos = [*read_shared(data).photos(), *read_textures(data).photos()]
    assert shown_rocks(photos) == {
        "sandstone": 2, "mudstone": 1, "limestone": 1, "interlayered sandstones and mudstones": 1, "marl rock": 3,
        "conglomerate": 1,
    }  # fmt: skip


def test_a_mask_of_another_size_is_refused_by_name(data: Path) -> None:
    cv2.imwrite(str(data / "core-boxes/box-08.rock.png"), np.zeros((10, 10), np.uint8))
    with pytest.raises(DatasetError, match="core-boxes/box-08"):
        list(read_shared(data).photos())


@pytest.mark.parametrize("turned", [False, True])
def test_core_width_is_measured_across_the_core_whichever_way_it_lies(turned: bool) -> None:
    rock = np.zeros((400, 300), bool)
    rock[20:380, 30:90] = True
    rock[20:300, 150:212] = True
    assert mask_core_width(rock.T if turned else rock) == pytest.approx(61, abs=2)


def test_a_crop_keeps_photo_and_labels_together(data: Path) -> None:
    photo = next(photo for photo in read_shared(data).photos() if photo.name.startswith("core-boxes"))
    for seed in range(12):
        crop = crop_photo(np.random.default_rng(seed), photo, 128, 96)
        assert crop.pixels.shape == (128, 96, 3)
        dark, light = (crop.pixels[crop.mask == label].mean() for label in (MUD_OR_LIME_LABEL, 0))
        assert dark < light


def test_what_is_mirrored_beyond_a_photo_is_unlabelled_unless_it_is_one_rock() -> None:
    labels = np.zeros((40, 40), np.uint8)
    labels[:, 20:] = 3
    halves = Photo("columns/half", "a", np.zeros((40, 40, 3), np.uint8), labels, 40.0)
    whole = Photo("whole", "b", np.zeros((40, 40, 3), np.uint8), np.full((40, 40), 9, np.uint8), 40.0)
    rng = np.random.default_rng(0)
    assert any((crop_photo(rng, halves, 256, 256).mask == UNLABELLED).any() for _ in range(8))
    assert all((crop_photo(rng, whole, 256, 256).mask == 9).all() for _ in range(8))


def test_a_crop_lies_about_the_pixel_that_is_asked_for() -> None:
    labels = np.zeros((600, 500), np.uint8)
    labels[500:504, 30:34] = 7
    photo = Photo("box", "a", np.zeros((600, 500, 3), np.uint8), labels, 160.0)
    having = [
        (crop_photo(np.random.default_rng(seed), photo, 192, 192, around=(502, 32)).mask == 7) for seed in range(20)
    ]
    assert sum(crop.any() for crop in having) >= 18  # a few pixels go where it is reduced


def test_an_album_picks_from_every_folder(data: Path) -> None:
    recipe = reference_recipe(1, data, FOLDS["1"])
    assert recipe.groups == groups_of(recipe.dataset)
    album = Album(recipe.dataset, recipe.groups)
    rng = np.random.default_rng(0)
    names = {album.pick(rng)[0].name for _ in range(200)}
    assert names == {
        "core-boxes/box-08", "boxes-carbonate/corebox-03", "marl-carbonate-02", "conglomerate-outcrop-01",
    }  # fmt: skip
    assert not Album(recipe.dataset, [])


def test_of_carbonate_boxes_most_crops_are_about_limestone_however_little_there_is_of_it(data: Path) -> None:
    rows = data / "boxes-carbonate" / "labels.csv"
    rows.write_text(rows.read_text().replace("corebox-03.jpg,1,0,99", "corebox-03.jpg,1,0,29"))
    recipe = reference_recipe(1, data, FOLDS["1"])
    album, rng = Album(recipe.dataset, recipe.groups), np.random.default_rng(0)
    found = {"anywhere": 0, "limestone": 0, "marl rock": 0}
    for _ in range(600):
        photo, about = album.pick(rng)
        if photo.name == "boxes-carbonate/corebox-03":
            found[REFERENCE.names[photo.labels[about]] if about else "anywhere"] += 1
        else:
            assert about is None
    shares = {what: count / sum(found.values()) for what, count in found.items()}
    assert shares == pytest.approx({"anywhere": 0.2, "limestone": 0.6, "marl rock": 0.2}, abs=0.1)


def test_shares_of_kinds_are_of_folders_and_rocks_that_there_are() -> None:
    assert KIND_SHARES.keys() <= FOLDER_SHARES.keys()
    for shares in KIND_SHARES.values():
        assert shares.keys() <= set(REFERENCE.names[1:])
        assert sum(shares.values()) < 1
