import io
import time

import numpy as np
import pytest
from photo_files import CASES, LIMIT, Case, mpo, saved, scene
from PIL import Image

from rockseg_core.imaging.inspect import PhotoInfo, inspect_photo

CONTENT = {
    "jpeg": ("jpg", "image/jpeg"),
    "png": ("png", "image/png"),
    "tiff": ("tif", "image/tiff"),
    "webp": ("webp", "image/webp"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_photo_of_every_kind_is_let_in_by_its_content(case: Case) -> None:
    height, width = case.shown.shape[:2]
    assert inspect_photo(case.body, max_pixels=LIMIT) == PhotoInfo(case.format, *CONTENT[case.format], width, height)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_width_and_height_are_those_displayed(image_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    body = saved(Image.fromarray(scene(30, 50)), image_format, exif=exif)
    info = inspect_photo(body, max_pixels=LIMIT)
    assert (info.width, info.height) == ((30, 50) if orientation >= 5 else (50, 30))


def test_the_first_frame_of_a_cameras_mpo_counts() -> None:
    body = mpo()
    assert Image.open(io.BytesIO(body)).n_frames == 2
    assert inspect_photo(body, max_pixels=LIMIT) == PhotoInfo("jpeg", "jpg", "image/jpeg", 53, 37)


def test_what_follows_an_image_does_no_harm() -> None:
    for case in CASES:
        if case.format != "tiff":
            assert (
                inspect_photo(case.body + b"\xff\xd8\xff appended by somebody", max_pixels=LIMIT).format == case.format
            )


def test_a_photo_of_exactly_the_limit_is_let_in() -> None:
    body = saved(Image.fromarray(scene(30, 50)), "PNG")
    assert inspect_photo(body, max_pixels=1500).width == 50


def test_a_1_mb_jpeg_is_checked_in_3_ms() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (700, 800, 3), dtype=np.uint8)
    body = saved(Image.fromarray(noise), "JPEG", quality=90, progressive=True)
    assert len(body) > 400_000

    def seconds() -> float:
        start = time.perf_counter()
        inspect_photo(body, max_pixels=LIMIT)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(20)) * 1e6 / len(body) < 0.003
