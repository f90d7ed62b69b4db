import contextlib
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from photo_files import CASES, LIMIT, PNG_SIGNATURE, Case, chunk, mpo, planar_tiff, png_of, saved, scene, tiff_of
from PIL import Image

from rockseg_core.domain.errors import PhotoRefusedError
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.inspect import inspect_photo

Read = Callable[..., Any]
RGB = Image.fromarray(scene())
JPEG, PNG, WEBP = saved(RGB, "JPEG"), saved(RGB, "PNG"), saved(RGB, "WEBP", quality=80)
GREY16 = scene()[..., 0].astype(np.uint16)


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def jpeg_with(at: int, new: bytes) -> bytes:
    frame = JPEG.index(b"\xff\xc0")
    return JPEG[: frame + at] + new + JPEG[frame + at + len(new) :]


def frames(image_format: str) -> bytes:
    return saved(RGB, image_format, save_all=True, append_images=[RGB.rotate(180)])


def flags_of(webp: bytes, flags: int) -> bytes:
    return b"RIFF" + struct.pack("<I", len(webp) + 10) + b"WEBPVP8X" + struct.pack("<IB9x", 10, flags) + webp[12:]


REFUSED = {
    "no bytes": (b"", "image_unreadable", "an empty file"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "image_unreadable", "This is a PDF; send the photo as JPEG"),
    "a PDF after a blank line": (b"\r\n%PDF-1.4\n1 0 obj", "image_unreadable", "a PDF"),
    "a HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image_unreadable", "a HEIC photo"),
    "an AVIF": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "image_unreadable", "an AVIF"),
    "a video": (b"\0\0\0\x18ftypisom\0\0\0\0", "image_unreadable", "a video"),
    "a GIF": (saved(RGB, "GIF"), "image_unreadable", "a GIF"),
    "a BMP": (saved(RGB, "BMP"), "image_unreadable", "a BMP"),
    "a JPEG 2000": (saved(RGB, "JPEG2000"), "image_unreadable", "a JPEG 2000"),
    "an HTML page": (b"\n <!doctype html><html>", "image_unreadable", "an HTML, SVG or XML document"),
    "a ZIP": (b"PK\x03\x04\x14\0\0\0", "image_unreadable", "a ZIP"),
    "a WAV": (b"RIFF\x24\0\0\0WAVEfmt ", "image_unreadable", "no image type"),
    "text": (b"depth;rock\n1200.5;sandstone\n", "image_unreadable", "no image type"),
    "a camera's raw file": (b"II*\0\x10\0\0\0CR\x02\0" + tiff_of(GREY16)[12:], "image_unreadable", None),
    "a DNG": (tiff_of(GREY16, entries=[(50706, 1, 4, 1)]), "image_unreadable", "a camera's raw file"),
    "a planar TIFF of 16 bits": (planar_tiff(scene().astype(np.uint16) * 257, 2), "image_unreadable", "planar"),
    "a planar TIFF of 16 bits, deflated": (
        planar_tiff(scene().astype(np.uint16) * 257, 2, deflate=True),
        "image_unreadable",
        "planar",
    ),
    "a planar TIFF of CMYK in 16 bits": (
        planar_tiff(scene(channels=4).astype(np.uint16) * 257, 5, order=">"),
        "image_unreadable",
        "planar",
    ),
    "a planar TIFF of RGB with alpha": (planar_tiff(scene(channels=4), 2, extra=2), "image_unreadable", "planar"),
    "a planar TIFF of RGB by alpha": (planar_tiff(scene(channels=4), 2, extra=1), "image_unreadable", "planar"),
    "a planar TIFF of grey with alpha": (planar_tiff(scene(channels=2), 1, extra=2), "image_unreadable", "planar"),
    "a planar TIFF of grey with alpha, deflated": (
        planar_tiff(scene(channels=2), 1, extra=2, deflate=True),
        "image_unreadable",
        "planar",
    ),
    "a BigTIFF of big-endian numbers": (b"MM\0+\0\x08\0\0" + bytes(60), "image_unreadable", "big-endian"),
    "a big-endian TIFF of 16 bits where 0 is white": (
        tiff_of(GREY16, photometric=0, order=">"),
        "image_unreadable",
        "0 for white",
    ),
    "a raw file that begins with its preview": (
        tiff_of(GREY16, entries=[(254, 4, 1, 1)]),
        "image_unreadable",
        "a camera's raw file",
    ),
    "a lossless JPEG": (jpeg_with(1, b"\xc3"), "image_unreadable", "lossless"),
    "an arithmetic JPEG": (jpeg_with(1, b"\xc9"), "image_unreadable", "arithmetic"),
    "a 12-bit JPEG": (jpeg_with(4, b"\x0c"), "image_unreadable", "12 bits"),
    "a JPEG without height": (jpeg_with(5, b"\0\0"), "image_corrupt", "damaged"),
    "a JPEG without width": (jpeg_with(7, b"\0\0"), "image_corrupt", "damaged"),
    "a JPEG of two components": (jpeg_with(9, b"\x02"), "image_corrupt", "damaged"),
    "a JPEG of 65535 × 65535": (jpeg_with(5, b"\xff\xff\xff\xff"), "image_too_large", "65535 × 65535"),
    "a JPEG of nothing": (b"\xff\xd8\xff\xd9", "image_corrupt", "damaged"),
    "a JPEG of two frames in one": (JPEG[:-2] + JPEG[2:], "image_corrupt", "damaged"),
    "a JPEG of 1000 scans": (
        JPEG[:-2] + JPEG[JPEG.index(b"\xff\xda") : -2] * 1000 + b"\xff\xd9",
        "image_corrupt",
        None,
    ),
    "a PNG of 60000 × 60000": (
        PNG_SIGNATURE + header(60_000, 60_000) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""),
        "image_too_large",
        "at most 64 megapixels",
    ),
    "a PNG header of 60000 × 60000 and no more": (PNG_SIGNATURE + header(60_000, 60_000), "image_too_large", None),
    "a PNG with a side of 2 million": (png_of(2_000_000, 1, 1, 0, [bytes(250_000)]), "image_too_large", "a side"),
    "a PNG of no pixels": (png_of(0, 10, 8, 2, []), "image_corrupt", "damaged"),
    "a PNG of an impossible depth": (png_of(8, 1, 3, 0, [bytes(3)]), "image_corrupt", "damaged"),
    "a PNG without data": (PNG_SIGNATURE + header(5, 5) + chunk(b"IEND", b""), "image_corrupt", "damaged"),
    "a PNG that begins with its data": (PNG_SIGNATURE + PNG[33:], "image_corrupt", "damaged"),
    "an APNG": (frames("PNG"), "image_multiframe", "several frames"),
    "an animated WebP": (frames("WEBP"), "image_multiframe", "several frames"),
    "a WebP that says it moves": (flags_of(WEBP, 2), "image_multiframe", "several frames"),
    "a WebP whose canvas is not its picture": (flags_of(WEBP, 0), "image_corrupt", "damaged"),
    "a WebP without a picture": (b"RIFF\x04\0\0\0WEBP", "image_corrupt", "damaged"),
    "a TIFF of two pages": (frames("TIFF"), "image_multiframe", "several pages"),
    "a TIFF of 60000 × 60000": (
        tiff_of(GREY16, entries=[(256, 4, 1, 60_000), (257, 4, 1, 60_000)]),
        "image_too_large",
        "60000 × 60000",
    ),
    "a TIFF of floats": (saved(RGB.convert("F"), "TIFF"), "image_unreadable", "uncommon kind"),
    "a TIFF in Lab": (saved(Image.new("LAB", (9, 9)), "TIFF"), "image_unreadable", "uncommon kind"),
    "a TIFF of 60000 samples a pixel": (tiff_of(GREY16, entries=[(277, 3, 1, 60_000)]), "image_unreadable", "channels"),
    "a TIFF with too few strips": (tiff_of(GREY16, entries=[(278, 4, 1, 1)]), "image_corrupt", "damaged"),
    "a TIFF without strips": (tiff_of(GREY16, entries=[(273, 4, 0, 0)]), "image_corrupt", "damaged"),
    "a TIFF of gigantic tiles": (
        tiff_of(GREY16, entries=[(322, 4, 1, 1 << 31), (323, 4, 1, 1 << 31), (324, 4, 1, 8), (325, 4, 1, 9)]),
        "image_corrupt",
        "damaged",
    ),
    "a TIFF with a value of 4 GB": (tiff_of(GREY16, entries=[(700, 1, 0xFFFFFFFF, 8)]), "image_truncated", "cut off"),
    "a TIFF that tells its width twice": (
        tiff_of(GREY16, entries=[(256, 4, 1, 53), (256, 4, 1, 60_000)]),
        "image_corrupt",
        "damaged",
    ),
    "a TIFF whose pages go round in a circle": (
        tiff_of(GREY16, following=8 + GREY16.nbytes),
        "image_corrupt",
        "damaged",
    ),
}


def refusal(read: Read, body: bytes) -> PhotoRefusedError:
    with pytest.raises(PhotoRefusedError) as caught:
        read(body, max_pixels=LIMIT)
    return caught.value


@pytest.mark.parametrize("read", [inspect_photo, decode_photo], ids=["inspected", "decoded"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_a_code_and_a_sentence(name: str, read: Read) -> None:
    body, code, words = REFUSED[name]
    error = refusal(read, body)
    assert error.code == code
    assert words is None or words in error.sentence
    assert any(verb in error.sentence for verb in ("send", "Send", "save", "Save"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_photo_cut_anywhere_is_refused(case: Case) -> None:
    length = len(case.body)
    ends = set(range(min(length, 700))) | set(range(max(0, length - 200), length)) | set(range(0, length, 97))
    for end in sorted(ends):
        error = refusal(inspect_photo, case.body[:end])
        assert error.code == "image_truncated" or end == 0, (end, error)


def test_an_mpo_cut_within_its_first_frame_is_refused() -> None:
    body = mpo()
    for end in (1, 2, 20, 500, body.index(b"\xff\xd9"), body.index(b"\xff\xd9") + 1):
        assert refusal(inspect_photo, body[:end]).code == "image_truncated"


def test_a_page_that_is_a_smaller_copy_is_no_second_page() -> None:
    first = tiff_of(GREY16)
    at = 8 + GREY16.nbytes
    small = tiff_of(GREY16, entries=[(254, 4, 1, 1)])[at:]
    assert inspect_photo(tiff_of(GREY16, following=len(first), further=small), max_pixels=LIMIT).width == 53
    page = tiff_of(GREY16)[at:]
    body = tiff_of(GREY16, following=len(first), further=page)
    assert refusal(inspect_photo, body).code == "image_multiframe"


@pytest.mark.parametrize(
    ("name", "idat"),
    [
        ("checksum", chunk(b"IDAT", zlib.compress(bytes(37 * 160)))[:-4] + b"\0\0\0\1"),
        ("stream ends early", chunk(b"IDAT", zlib.compress(bytes(37 * 160))[:-9])),
        ("pixels end early", chunk(b"IDAT", zlib.compress(bytes(20 * 160)))),
        ("no stream", chunk(b"IDAT", b"no zlib")),
        ("unknown filter", chunk(b"IDAT", zlib.compress(b"\x09" * (37 * 160)))),
    ],
)
def test_a_png_that_is_whole_but_broken_inside_is_refused_when_decoded(name: str, idat: bytes) -> None:
    body = PNG_SIGNATURE + header(53, 37) + idat + chunk(b"IEND", b"")
    assert inspect_photo(body, max_pixels=LIMIT).width == 53, name
    assert refusal(decode_photo, body).code == "image_corrupt"


def test_a_jpeg_broken_in_its_data_is_shown_as_far_as_it_goes() -> None:
    start = JPEG.index(b"\xff\xda") + 14
    middle = (start + len(JPEG)) // 2
    whole, broken = decode_photo(JPEG, max_pixels=LIMIT), decode_photo(JPEG[:middle] + b"\xff\xd9", max_pixels=LIMIT)
    assert np.array_equal(whole[:8], broken[:8])
    assert not np.array_equal(whole, broken)


def test_bombs_cost_no_memory() -> None:
    flood = zlib.compress(bytes(50_000_000), 9)
    text = chunk(b"zTXt", b"Comment\0\0" + flood)
    profile = chunk(b"iCCP", b"profile\0\0" + flood)
    values = scene(64, 64)[..., 0].copy()
    shared = b"".join(struct.pack("<HHII", 1000 + number, 1, 4000, 8) for number in range(900))
    directory = struct.pack("<H", 900) + shared + bytes(4)
    bombs = [
        PNG[:33] + text * 20 + profile + PNG[33:],
        PNG[:33] + chunk(b"tEXt", bytes(8_000_000)) + PNG[33:],
        png_of(8000, 8000, 8, 2, [bytes(10)]),
        struct.pack("<2sHI", b"II", 42, 8 + values.nbytes) + values.tobytes() + directory,
        tiff_of(values, entries=[(258, 3, 2000, 8)]),
        saved(RGB, "JPEG", icc_profile=bytes(8_000_000)),
    ]
    for body in bombs:
        tracemalloc.start()
        with contextlib.suppress(PhotoRefusedError):
            inspect_photo(body, max_pixels=LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000
    assert np.array_equal(decode_photo(bombs[0], max_pixels=LIMIT), scene())
    assert refusal(decode_photo, bombs[2]).code == "image_corrupt"


def test_chunks_and_segments_without_end_are_refused_and_not_walked() -> None:
    for body in (PNG[:33] + chunk(b"abCd", b"") * 200_000 + PNG[33:], JPEG[:2] + b"\xff\xfe\0\2" * 100_000 + JPEG[2:]):
        assert refusal(inspect_photo, body).code == "image_corrupt"
