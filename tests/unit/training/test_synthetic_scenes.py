"""Cores on floors and in boxes: masks are exact, thickness is in order, real layouts and textures are taken in."""

import json
from importlib import resources
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from rockseg_training.synthetic import props
from rockseg_training.synthetic.box import draw_box
from rockseg_training.synthetic.box_layouts import Channel, read_channels
from rockseg_training.synthetic.camera import photograph
from rockseg_training.synthetic.column import draw_column, succession
from rockseg_training.synthetic.crop import draw_crop
from rockseg_training.synthetic.demo_core import LEFT, RIGHT, draw_demo_core
from rockseg_training.synthetic.kinds import UNLABELLED
from rockseg_training.synthetic.layouts import draw_scene
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.pieces import pieces, pieces_of
from rockseg_training.synthetic.props import Kind, Thing
from rockseg_training.synthetic.scene import Scene, lay_core
from rockseg_training.synthetic.stage import Stage
from rockseg_training.synthetic.textures import read_textures


def _stage(width: float = 60.0) -> Stage:
    return Stage(Painter(), width, 60.0)


def test_the_mask_lies_on_the_very_pixels_of_the_core() -> None:
    rng = np.random.default_rng(2)
    floor = np.full((200, 120, 3), 77.0, np.float32)
    scene = Scene(floor.copy(), np.zeros((200, 120), np.uint8))
    column = draw_column(rng, 150, 60, _stage(), whole=True)
    column.pixels[:] = 200.0
    lay_core(rng, scene, column, 30, 20)
    inside = scene.mask[31:179, 21:79]
    assert (inside > 0).all()
    assert np.allclose(scene.pixels[31:179, 21:79], 200.0)
    assert (scene.mask > 0).sum() == 150 * 60
    outside = scene.mask == 0
    outside[29:181, 19:81] = False  # a pixel of soft edge
    assert (scene.pixels[outside] <= 77.0).all()  # floor, or floor in shadow


def test_the_mask_of_broken_pieces_is_what_shows_white_on_black() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        scene = Scene(np.zeros((240, 140, 3), np.float32), np.zeros((240, 140), np.uint8))
        column = draw_column(rng, 220, 80, _stage(80.0))
        column.pixels[:] = 255.0
        lay_core(rng, scene, column, int(rng.integers(-40, 40)), int(rng.integers(-20, 80)))
        sure = np.abs(scene.pixels[..., 0] - 127.5) > 90  # but for the soft edge of a pixel or two
        assert np.array_equal(scene.mask[sure] > 0, scene.pixels[..., 0][sure] > 127.5)
        assert sure.mean() > 0.9


def test_what_is_put_on_a_core_is_no_rock_and_is_counted() -> None:
    scene = Scene(np.zeros((50, 50, 3), np.float32), np.ones((50, 50), np.uint8))
    scene.put(Thing(Kind.FOAM, np.full((20, 20, 3), 240.0, np.float32)), 40, -5)
    assert (scene.mask == 0).sum() == 10 * 15
    assert np.array_equal(scene.mask == 0, scene.kinds == Kind.FOAM)


def test_some_boxes_have_the_colour_of_the_rock_that_lies_in_them() -> None:
    apart = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        scene = Scene(np.full((256, 256, 3), 200.0, np.float32), np.zeros((256, 256), np.uint8))
        draw_box(rng, scene, _stage(80.0))
        rock, wall = scene.mask > 0, scene.kinds == Kind.WALL
        if rock.any() and wall.any():
            apart.append(np.abs(scene.pixels[rock].mean(0) - scene.pixels[wall].mean(0)).mean())
    assert len(apart) >= 50
    assert 0.25 <= np.mean(np.array(apart) < 25) <= 0.6


def test_a_piece_of_card_in_the_place_of_core_is_of_the_boxs_colour_in_light_and_shade() -> None:
    card = np.array((176, 132, 80), np.float32)
    faces = [props.block(np.random.default_rng(seed), 90, 60, card).pixels for seed in range(30)]
    lean = [face.reshape(-1, 3).mean(0) / face.mean() for face in faces]
    assert np.abs(np.array(lean) - card / card.mean()).max() < 0.25
    assert np.std([face.mean() for face in faces]) > 8


def test_photos_cut_to_one_core_show_where_some_of_it_was_lost() -> None:
    lost = []
    for seed in range(120):
        scene = draw_scene(np.random.default_rng(seed), 256, 160, _stage(120.0))
        tight = (scene.mask == UNLABELLED).any() or not (scene.kinds > 0).any()
        if tight and (scene.mask == 0).any():
            black = scene.pixels[scene.mask == 0]
            lost.append(black.mean())
            assert black.std(0).max() < 15  # one colour, and no rock's grain
    assert len(lost) >= 6
    assert min(lost) < 20 < max(lost)


def test_drawn_mudstone_is_as_rough_as_the_dark_cores_of_real_boxes_are() -> None:
    # Of nine real boxes, at 160 px a core: the median of |G(0.5) − G(1)| on the rock is 0.43 to 0.73 grey levels.
    contrast = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        mud = draw_column(rng, 160, 160, Stage(Painter(), 160.0, 85.0), whole=True, beds=[(3, 9.0)])
        grey = photograph(rng, mud.pixels).astype(np.float32).mean(2)
        fine = cv2.GaussianBlur(grey, (0, 0), 0.5) - cv2.GaussianBlur(grey, (0, 0), 1.0)
        contrast.append(np.median(np.abs(fine)))
    assert 0.35 < np.median(contrast) < 0.9
    assert np.percentile(contrast, 80) > 0.6


def test_beds_come_in_the_order_asked_for() -> None:
    rng = np.random.default_rng(4)
    column = draw_column(rng, 400, 80, _stage(80.0), whole=True, beds=[(1, 1.0), (6, 2.0), (3, 9.0)])
    middle = column.mask[:, 40]
    changes = [int(middle[0]), *(int(b) for b, a in zip(middle[1:], middle, strict=False) if b != a)]
    assert changes == [1, 6, 3]


def test_no_bed_of_its_own_class_is_as_thin_as_interlayered_ones() -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        beds = [bed for bed, _ in zip(succession(rng, 4.0), range(20), strict=False)]
        assert min(thick for _, thick in beds) >= 0.35
        assert all(one[0] != other[0] for one, other in pairwise(beds))


def test_pieces_leave_gaps_in_some_cores_and_little_in_most() -> None:
    rng = np.random.default_rng(5)
    present = [pieces(rng, 400, 100).mean() for _ in range(100)]
    assert 0.5 < np.mean(present) < 0.97
    assert np.mean(np.array(present) < 0.85) > 0.1


@pytest.fixture
def layouts(tmp_path: Path) -> Path:
    def polygon(xs: list[int], ys: list[int]) -> dict[str, object]:
        shape = {"name": "polygon", "all_points_x": xs, "all_points_y": ys}
        return {"shape_attributes": shape, "region_attributes": {"lithofacies": "siltstone"}}

    square = [polygon([100, 200, 200, 100], [top, top, top + 300, top + 300]) for top in (50, 450)]
    beside = polygon([300, 400, 390, 300], [50, 50, 900, 900])
    file = tmp_path / "layouts.json"
    file.write_text(json.dumps({"box": {"regions": [*square, beside]}}))
    return file


def test_layouts_of_boxes_are_read_in_core_widths(layouts: Path) -> None:
    first, second = read_channels(layouts)
    assert [len(first.pieces), len(second.pieces)] == [2, 1]
    assert first.length == pytest.approx(7.0)
    assert np.allclose(first.pieces[1].outline[:, 1], [4, 4, 7, 7])


def test_a_file_that_is_no_layout_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"box": {"shapes": []}}')
    with pytest.raises(ValueError, match=r"a\.json"):
        read_channels(tmp_path / "a.json")


def test_a_core_is_broken_as_the_layout_says(layouts: Path) -> None:
    channel: Channel = read_channels(layouts)[0]
    present = np.array([pieces_of(np.random.default_rng(seed), channel, 350, 50).mean() for seed in range(20)])
    assert 0.6 < present.mean() < 0.95  # six of seven core widths are rock, and some lie beyond the crop
    crop = draw_crop((1, 2), 96, 96, channels=[channel])
    assert crop.mask.shape == (96, 96)


def test_real_textures_keep_their_grain_and_change_their_tone(tmp_path: Path) -> None:
    striped = np.zeros((120, 160, 3), np.uint8)
    striped[::2] = 200
    cv2.imwrite(str(tmp_path / "marl-carbonate-01.jpg"), striped)
    cv2.imwrite(str(tmp_path / "holiday.jpg"), striped)
    textures = read_textures(tmp_path)
    assert list(textures) == [11]
    assert not read_textures(tmp_path, without={"marl-carbonate-01"})
    rng, painter = np.random.default_rng(3), Painter(textures=textures)
    faces = [painter.paint(rng, 11, 200, 150, core_width_px=127, core_mm=100) for _ in range(120)]
    real = [face for face in faces if np.abs(np.diff(face.mean(1).mean(1))).mean() > 30]  # nothing drawn is so striped
    assert 0.2 < len(real) / len(faces) < 0.5
    assert np.std([face.mean() for face in real]) > 10


def test_a_texture_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "conglomerate-1.jpg").write_text("no")
    with pytest.raises(ValueError, match="conglomerate-1"):
        read_textures(tmp_path)


def test_the_demo_core_has_its_beds_and_the_file_that_comes_along_has_its_size() -> None:
    # The file was drawn by the generator that the bundle beside it was trained with; it is drawn anew with the next.
    pixels, mask = draw_demo_core()
    assert {index for index, _ in LEFT + RIGHT} <= set(np.unique(mask).tolist())
    body = (resources.files("rockseg_standalone") / "data" / "demo-core.jpg").read_bytes()
    assert len(body) <= 400_000
    assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR).shape == pixels.shape
