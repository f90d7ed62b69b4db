"""Photos of every kind that is read, made with Pillow, OpenCV or by hand, beside the pixels that a viewer shows."""

import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]

LIMIT = 64_000_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


@dataclass(frozen=True)
class Case:
    name: str
    body: bytes
    format: str
    shown: Array
    """(H, W, 3) uint8"""


def scene(height: int = 37, width: int = 53, channels: int = 3) -> Array:
    """A smooth picture with colour everywhere, so that turns, swapped channels and lost pixels show."""
    rng = np.random.default_rng(7)
    small = rng.integers(0, 256, (height // 6 + 2, width // 6 + 2, channels), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(
    width: int, height: int, depth: int, colour: int, rows: Iterable[Any], *, before: bytes = b"", interlace: int = 0
) -> bytes:
    """A PNG from packed rows of bytes, filter 0."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return PNG_SIGNATURE + header + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def interlaced_png(rgb: Array) -> bytes:
    rows = [row.tobytes() for x, y, dx, dy in ADAM7 for row in rgb[y::dy, x::dx] if row.size]
    return png_of(rgb.shape[1], rgb.shape[0], 8, 2, rows, interlace=1)


def by_pillow(body: bytes) -> Array:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))


def grey(array: Array) -> Array:
    return np.repeat(array[..., None], 3, axis=2)


def on_white(rgba: Array) -> Array:
    rgb, alpha = rgba[..., :3].astype(np.float64), rgba[..., 3:] / 255.0
    return np.rint(rgb * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _jpegs() -> Iterator[Case]:
    rgb = Image.fromarray(scene())
    ink = Image.fromarray(scene(channels=4), "CMYK")
    files = {
        "JPEG RGB": saved(rgb, "JPEG"),
        "JPEG 4:4:4": saved(rgb, "JPEG", subsampling=0, quality=95),
        "JPEG progressive": saved(rgb, "JPEG", progressive=True),
        "JPEG with restart markers": saved(rgb, "JPEG", restart_marker_blocks=2),
        "JPEG grey": saved(rgb.convert("L"), "JPEG"),
        "JPEG stored as RGB": saved(rgb, "JPEG", keep_rgb=True),
        "JPEG CMYK of Adobe": saved(ink, "JPEG", quality=95),
        "JPEG with a comment, a profile and a thumbnail's EOI": saved(
            rgb, "JPEG", comment=b"\xff\xd9 end? \xff\xda", icc_profile=b"\xff\xd9" * 40_000
        ),
    }
    yield from (Case(name, body, "jpeg", by_pillow(body)) for name, body in files.items())


def _pngs() -> Iterator[Case]:
    rgb, rgba = scene(), scene(channels=4)
    deep = scene().astype(np.uint16) * 256 + 77
    palette = Image.fromarray(rgb).quantize(12)
    yield Case("PNG RGB", saved(Image.fromarray(rgb), "PNG"), "png", rgb)
    yield Case("PNG interlaced", interlaced_png(rgb), "png", rgb)
    yield Case("PNG RGBA", saved(Image.fromarray(rgba), "PNG"), "png", on_white(rgba))
    yield Case("PNG grey 8", saved(Image.fromarray(rgb[..., 0]), "PNG"), "png", grey(rgb[..., 0]))
    grey_alpha = saved(Image.fromarray(rgba).convert("LA"), "PNG")
    yield Case(
        "PNG grey with alpha",
        grey_alpha,
        "png",
        on_white(np.asarray(Image.fromarray(rgba).convert("LA").convert("RGBA"))),
    )
    yield Case("PNG palette", saved(palette, "PNG"), "png", np.asarray(palette.convert("RGB")))
    yield Case("PNG palette 4 bits", saved(palette, "PNG", bits=4), "png", np.asarray(palette.convert("RGB")))
    clear = saved(palette, "PNG", transparency=bytes(range(0, 120, 10)))
    yield Case(
        "PNG palette with transparency",
        clear,
        "png",
        on_white(np.asarray(Image.open(io.BytesIO(clear)).convert("RGBA"))),
    )
    yield Case("PNG grey 16", saved(Image.fromarray(deep[..., 0]), "PNG"), "png", grey(rgb[..., 0]))
    yield Case("PNG RGB 16", cv2.imencode(".png", deep[..., ::-1])[1].tobytes(), "png", rgb)
    for depth in (1, 2, 4):
        values = scene(11, 16)[..., 0] >> (8 - depth)
        rows = [np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - depth :].ravel()) for row in values]
        shown = grey(values * (255 // (2**depth - 1)))
        yield Case(f"PNG grey {depth}", png_of(16, 11, depth, 0, rows), "png", shown)
    keyed = rgb[..., 0].copy()
    keyed[keyed == keyed[5, 5]] = 9
    body = png_of(53, 37, 8, 0, keyed, before=chunk(b"tRNS", struct.pack(">H", 9)))
    yield Case("PNG grey with a colour key", body, "png", grey(np.where(keyed == 9, 255, keyed).astype(np.uint8)))


def _tiffs() -> Iterator[Case]:
    rgb, rgba = scene(), scene(channels=4)
    deep = scene().astype(np.uint16) * 256 + 77
    picture, ink = Image.fromarray(rgb), Image.fromarray(rgba, "CMYK")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield Case(f"TIFF RGB {compression}", saved(picture, "TIFF", compression=compression), "tiff", rgb)
        ink_body = saved(ink, "TIFF", compression=compression)
        yield Case(f"TIFF CMYK {compression}", ink_body, "tiff", np.asarray(ink.convert("RGB")))
        grey16 = saved(Image.fromarray(deep[..., 0]), "TIFF", compression=compression)
        yield Case(f"TIFF grey 16 {compression}", grey16, "tiff", grey(rgb[..., 0]))
    for number, name in ((1, "raw"), (5, "LZW"), (8, "deflate")):
        body = cv2.imencode(".tiff", deep[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, number])[1].tobytes()
        yield Case(f"TIFF RGB 16 {name}", body, "tiff", rgb)
    yield Case(
        "TIFF grey 8", saved(picture.convert("L"), "TIFF"), "tiff", np.asarray(picture.convert("L").convert("RGB"))
    )
    yield Case(
        "TIFF grey 1", saved(picture.convert("1"), "TIFF"), "tiff", np.asarray(picture.convert("1").convert("RGB"))
    )
    yield Case("TIFF RGBA", saved(Image.fromarray(rgba), "TIFF"), "tiff", on_white(rgba))
    palette = picture.quantize(30)
    yield Case("TIFF palette", saved(palette, "TIFF"), "tiff", np.asarray(palette.convert("RGB")))
    yield Case("TIFF big", saved(picture, "TIFF", big_tiff=True), "tiff", rgb)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"a comment " * 20
    for compression in ("raw", "tiff_lzw"):
        yield Case(
            f"TIFF with EXIF {compression}", saved(picture, "TIFF", exif=exif, compression=compression), "tiff", rgb
        )
    inner_jpeg = saved(picture, "TIFF", compression="jpeg")
    yield Case("TIFF with JPEG inside", inner_jpeg, "tiff", by_pillow(inner_jpeg))
    strips = saved(picture, "TIFF", compression="tiff_lzw", strip_size=600)
    yield Case("TIFF of many strips", strips, "tiff", rgb)
    white_zero = 65535 - deep[..., 0]
    yield Case("TIFF grey 16, white is zero", tiff_of(white_zero, photometric=0), "tiff", grey(rgb[..., 0]))
    for order in ("<", ">"):
        yield Case(f"TIFF planar RGB {order}", planar_tiff(rgb, 2, order=order), "tiff", rgb)
        yield Case(
            f"TIFF planar CMYK {order}", planar_tiff(rgba, 5, order=order), "tiff", np.asarray(ink.convert("RGB"))
        )
        packed = planar_tiff(rgb, 2, order=order, deflate=True)
        yield Case(f"TIFF planar RGB deflate {order}", packed, "tiff", rgb)


def planar_tiff(
    values: Array, photometric: int, *, order: str = "<", extra: int | None = None, deflate: bool = False
) -> bytes:
    """A TIFF of (H, W, C) uint8 or uint16 whose channels lie one after the other, a strip each (TIFF 6.0, tag 284)."""
    height, width, channels = values.shape
    bits = values.dtype.itemsize * 8
    planes = [values[..., channel].astype(values.dtype.newbyteorder(order)).tobytes() for channel in range(channels)]
    strips = [zlib.compress(plane) if deflate else plane for plane in planes]
    counts = [len(strip) for strip in strips]
    offsets = [8 + sum(counts[:channel]) for channel in range(channels)]
    lists = 8 + sum(counts)
    fields = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, lists + 8 * channels),
        (259, 3, 1, 8 if deflate else 1),
        (262, 3, 1, photometric),
        (273, 4, channels, lists),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, channels, lists + 4 * channels),
        (284, 3, 1, 2),
        *([] if extra is None else [(338, 3, 1, extra)]),
    ]
    if channels == 2:  # two SHORTs lie within their field
        fields[2] = (258, 4, 2, lists + 8 * channels)
    code = {2: "II", 3: "HHH", 4: "HHHH"}[channels]
    values_of = struct.pack(f"{order}{2 * channels}I{code}", *offsets, *counts, *[bits] * channels)
    pack = [struct.pack(f"{order}HHI{'H2x' if field[1:3] == (3, 1) else 'I'}", *field) for field in fields]
    directory = struct.pack(f"{order}H", len(fields)) + b"".join(pack) + bytes(4)
    at = lists + len(values_of)
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, at)
    return head + b"".join(strips) + values_of + directory


def tiff_of(
    values: Array,
    *,
    photometric: int = 1,
    order: str = "<",
    entries: Sequence[tuple[int, int, int, int]] = (),
    following: int = 0,
    further: bytes = b"",
) -> bytes:
    """An uncompressed TIFF of (H, W) uint8 or uint16 in one strip; `entries` are (tag, type, count, value)."""
    height, width = values.shape
    fields = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, values.dtype.itemsize * 8),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, values.nbytes),
    ]
    named = {entry[0] for entry in entries}
    fields = sorted([field for field in fields if field[0] not in named] + list(entries))
    pack = [struct.pack(f"{order}HHI{'H2x' if field[1:3] == (3, 1) else 'I'}", *field) for field in fields]
    directory = struct.pack(f"{order}H", len(fields)) + b"".join(pack) + struct.pack(f"{order}I", following)
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + values.nbytes)
    return head + values.astype(values.dtype.newbyteorder(order)).tobytes() + directory + further


def _webps() -> Iterator[Case]:
    rgb, rgba = Image.fromarray(scene()), Image.fromarray(scene(channels=4))
    for name, picture, options in (
        ("WebP lossy", rgb, {"quality": 80}),
        ("WebP lossless", rgb, {"lossless": True}),
        ("WebP with a profile", rgb, {"quality": 80, "icc_profile": b"profile" * 30}),
    ):
        body = saved(picture, "WEBP", **options)
        yield Case(name, body, "webp", by_pillow(body))
    for name, options in (("WebP lossy with alpha", {"quality": 80}), ("WebP lossless with alpha", {"lossless": True})):
        body = saved(rgba, "WEBP", exact=True, **options)
        yield Case(name, body, "webp", on_white(np.asarray(Image.open(io.BytesIO(body)))))


def _shapes() -> Iterator[Case]:
    dot, strip = scene(1, 1), scene(400, 10)
    for name, rgb in (("1×1", dot), ("40:1", strip), ("1:40", strip.transpose(1, 0, 2).copy())):
        for image_format in ("PNG", "TIFF"):
            body = saved(Image.fromarray(rgb), image_format)
            yield Case(f"{image_format} {name}", body, image_format.lower(), rgb)
        for image_format in ("JPEG", "WEBP"):
            body = saved(Image.fromarray(rgb), image_format)
            yield Case(f"{image_format} {name}", body, image_format.lower(), by_pillow(body))


def mpo() -> bytes:
    """A camera's JPEG with a second frame."""
    return saved(Image.fromarray(scene()), "MPO", save_all=True, append_images=[Image.fromarray(scene(16, 16))])


CASES = [*_jpegs(), *_pngs(), *_tiffs(), *_webps(), *_shapes()]
