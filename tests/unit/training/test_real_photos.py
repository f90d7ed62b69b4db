"""Real photos: read with their masks, split by what is held out, cut at the right scale."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from rockseg_training.album import Album
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Photo, mask_core_width
from rockseg_training.datasets.shared import read_shared, read_textures, shown_rocks
from rockseg_training.labels import UNLABELLED
from rockseg_training.photo_crop import crop_photo
from rockseg_training.reference import LIME_OR_MARL, MUD_OR_LIME, REFERENCE
from rockseg_training.reference_recipe import groups_of, reference_recipe

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
    return tmp_path


def test_no_photo_is_both_trained_on_and_held_out(data: Path) -> None:
    trained = {photo.name for photo in read_shared(data, held_out=False).photos()}
    kept = {photo.name for photo in read_shared(data, held_out=True).photos()}
    assert trained == {"core-boxes/box-08", "boxes-carbonate/corebox-03"}
    assert kept == {"core-boxes/box-02", "boxes-carbonate/corebox-01"}


def test_a_texture_cut_from_a_box_held_out_and_the_strips_of_its_well_are_left_out(data: Path) -> None:
    textures = {photo.name: photo for photo in read_textures(data).photos()}
    assert textures.keys() == {"marl-carbonate-02", "conglomerate-outcrop-01"}
    assert (textures["marl-carbonate-02"].labels == REFERENCE.label["marl rock"]).all()


def test_masks_become_labels_that_say_what_the_rock_may_be(data: Path) -> None:
    by_name = {
        photo.name: set(np.unique(photo.labels).tolist()) for photo in read_shared(data, held_out=False).photos()
    }
    assert by_name["core-boxes/box-08"] == {0, MUD_OR_LIME_LABEL, UNLABELLED}
    assert by_name["boxes-carbonate/corebox-03"] == {0, LIME_OR_MARL_LABEL, UNLABELLED}


def test_rocks_of_known_kind_are_counted_by_photo(data: Path) -> None:
    photos = [*read_shared(data, held_out=False).photos(), *read_textures(data).photos()]
    assert shown_rocks(photos) == {"marl rock": 1, "conglomerate": 1}


def test_a_mask_of_another_size_is_refused_by_name(data: Path) -> None:
    cv2.imwrite(str(data / "core-boxes/box-08.rock.png"), np.zeros((10, 10), np.uint8))
    with pytest.raises(DatasetError, match="core-boxes/box-08"):
        list(read_shared(data, held_out=False).photos())


@pytest.mark.parametrize("turned", [False, True])
def test_core_width_is_measured_across_the_core_whichever_way_it_lies(turned: bool) -> None:
    rock = np.zeros((400, 300), bool)
    rock[20:380, 30:90] = True
    rock[20:300, 150:212] = True
    assert mask_core_width(rock.T if turned else rock) == pytest.approx(61, abs=2)


def test_a_crop_keeps_photo_and_labels_together(data: Path) -> None:
    photo = next(photo for photo in read_shared(data, held_out=False).photos() if photo.name.startswith("core-boxes"))
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
    recipe = reference_recipe(1, data)
    assert recipe.groups == groups_of(recipe.dataset)
    album = Album(recipe.dataset, recipe.groups)
    rng = np.random.default_rng(0)
    names = {album.pick(rng)[0].name for _ in range(200)}
    assert names == {
        "core-boxes/box-08", "boxes-carbonate/corebox-03", "marl-carbonate-02", "conglomerate-outcrop-01",
    }  # fmt: skip
    assert not Album(recipe.dataset, [])
