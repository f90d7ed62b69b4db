import concurrent.futures
import io
import warnings
from typing import Any

import cv2
import numpy as np
import pytest
from photo_files import CASES, LIMIT, Array, Case, by_pillow, grey, interlaced_png, mpo, saved, scene, tiff_of
from PIL import Image, ImageOps

from rockseg_core.imaging.decode import decode_photo


def error_of(pixels: Array, shown: Array) -> int:
    assert pixels.shape == shown.shape
    assert pixels.dtype == np.uint8
    return np.abs(pixels.astype(int) - shown.astype(int)).max()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_photo_of_every_kind_shows_what_a_viewer_shows(case: Case) -> None:
    # Compositing in Pillow rounds premultiplied values: one step of 255 for transparency, none for all else.
    allowed = 1 if "alpha" in case.name or "RGBA" in case.name or "transparency" in case.name else 0
    assert error_of(decode_photo(case.body, max_pixels=LIMIT), case.shown) <= allowed


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("image_format", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("TIFF", "RGB", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("TIFF", "CMYK", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGB", {"lossless": True}),
    ],
)
def test_orientation_is_applied_once(image_format: str, mode: str, options: dict[str, Any], orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    picture = Image.fromarray(scene(24, 40)).convert("RGB").convert(mode)
    body = saved(picture, image_format, exif=exif, **options)
    stored = by_pillow(saved(picture, image_format, **options))
    turned = Image.fromarray(stored)
    turned.getexif()[274] = orientation
    assert error_of(decode_photo(body, max_pixels=LIMIT), np.asarray(ImageOps.exif_transpose(turned))) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_16_bit_tiff_is_turned_too(orientation: int) -> None:
    values = scene(24, 40)[..., 0].astype(np.uint16) * 257
    turned = Image.fromarray(grey((values >> 8).astype(np.uint8)))
    turned.getexif()[274] = orientation
    body = tiff_of(values, entries=[(274, 3, 1, orientation)])
    assert error_of(decode_photo(body, max_pixels=LIMIT), np.asarray(ImageOps.exif_transpose(turned))) == 0


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_without_a_meaning_leaves_the_photo_as_stored(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    for image_format in ("JPEG", "PNG", "WEBP"):
        body = saved(Image.fromarray(scene()), image_format, exif=exif)
        assert decode_photo(body, max_pixels=LIMIT).shape == (37, 53, 3)
    body = tiff_of(scene()[..., 0].copy(), entries=[(274, 3, 1, orientation)])
    assert decode_photo(body, max_pixels=LIMIT).shape == (37, 53, 3)


def test_broken_exif_is_no_reason_to_refuse() -> None:
    for exif in (
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"Exif\0\0nonsense",
        b"Exif\0\0",
    ):
        body = saved(Image.fromarray(scene()), "JPEG", exif=exif)
        assert decode_photo(body, max_pixels=LIMIT).shape == (37, 53, 3)


@pytest.mark.parametrize("make", ["png", "tiff", "tiff lzw", "tiff big-endian"])
def test_16_bits_are_scaled_and_never_clipped(make: str) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    body = {
        "png": lambda: saved(Image.fromarray(ramp), "PNG"),
        "tiff": lambda: saved(Image.fromarray(ramp), "TIFF"),
        "tiff lzw": lambda: saved(Image.fromarray(ramp), "TIFF", compression="tiff_lzw"),
        "tiff big-endian": lambda: tiff_of(ramp, order=">"),
    }[make]()
    pixels = decode_photo(body, max_pixels=LIMIT)
    assert np.array_equal(pixels, grey((ramp >> 8).astype(np.uint8)))


def test_a_tag_that_makes_no_sense_is_no_warning_of_pillows() -> None:
    body = tiff_of(scene()[..., 0].copy(), entries=[(274, 3, 2, 1)])
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        decode_photo(body, max_pixels=LIMIT)
    assert not warned


@pytest.mark.parametrize("image_format", [".png", ".tiff"])
def test_16_bit_colour_is_scaled_and_never_clipped(image_format: str) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    deep = np.stack([ramp, ramp[::-1], ramp.T], axis=2)
    body = cv2.imencode(image_format, deep[..., ::-1])[1].tobytes()
    assert np.array_equal(decode_photo(body, max_pixels=LIMIT), (deep >> 8).astype(np.uint8))


def test_cmyk_without_adobes_marker_is_not_inverted() -> None:
    ink = Image.fromarray(scene(channels=4), "CMYK")
    body = saved(ink, "JPEG", quality=95)
    at = body.index(b"\xff\xee")
    plain = body[:at] + body[at + 2 + int.from_bytes(body[at + 2 : at + 4], "big") :]
    inverted = Image.fromarray(~np.asarray(Image.open(io.BytesIO(body))), "CMYK")
    assert error_of(decode_photo(plain, max_pixels=LIMIT), np.asarray(inverted.convert("RGB"))) == 0


def test_the_first_frame_of_an_mpo_is_read_whatever_became_of_the_others() -> None:
    body = mpo()
    shown = by_pillow(body)
    first_end = body.index(b"\xff\xd9") + 2
    for end in (len(body), len(body) - 20, first_end):
        assert np.array_equal(decode_photo(body[:end], max_pixels=LIMIT), shown)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 1000), (101, 255), (64, 64)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_fast_path_gives_pillows_very_pixels(shape: tuple[int, int], subsampling: int, progressive: bool) -> None:
    for quality in (20, 75, 98):
        picture = Image.fromarray(scene(*shape))
        body = saved(picture, "JPEG", subsampling=subsampling, progressive=progressive, quality=quality)
        assert np.array_equal(decode_photo(body, max_pixels=LIMIT), by_pillow(body))


def test_interlaced_photos_of_any_size_are_whole() -> None:
    for height in range(1, 10):
        for width in range(1, 10):
            rgb = scene(height, width)
            assert np.array_equal(decode_photo(interlaced_png(rgb), max_pixels=LIMIT), rgb)


def test_many_threads_decode_at_once() -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        for case, pixels in zip(
            CASES * 4, threads.map(lambda case: decode_photo(case.body, max_pixels=LIMIT), CASES * 4), strict=True
        ):
            assert error_of(pixels, case.shown) <= 1


def test_a_50_megapixel_photo_is_read() -> None:
    tile = scene(500, 500)
    pixels = np.tile(tile, (16, 13, 1))
    body = cv2.imencode(".jpg", pixels)[1].tobytes()
    assert decode_photo(body, max_pixels=LIMIT).shape == (8000, 6500, 3)
