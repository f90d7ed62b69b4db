"""Which format the first bytes announce."""

from typing import Final

from rockseg_core.imaging import refusals
from rockseg_core.imaging.anatomy import PhotoFormat
from rockseg_core.imaging.png import SIGNATURE

_JPEG: Final = b"\xff\xd8\xff"
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0")
_OTHERS: Final = {
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"\xff\x4f\xff\x51": "a JPEG 2000",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
    b"\xff\x0a": "a JPEG XL",
    b"MM\0+": "a BigTIFF of big-endian numbers",  # Pillow takes it for a plain TIFF
    b"8BPS": "a Photoshop file",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
    b"IIU\0": "a camera's raw file",
    b"IIRO": "a camera's raw file",
    b"<": "an HTML, SVG or XML document",
    b"{": "a JSON document",
}
_BRANDS: Final = {  # of ISO base media files: ISO/IEC 23008-12 and the AV1 image format
    b"heic": "a HEIC photo",
    b"heix": "a HEIC photo",
    b"heim": "a HEIC photo",
    b"heis": "a HEIC photo",
    b"hevc": "a HEIC sequence",
    b"mif1": "a HEIF photo",
    b"msf1": "a HEIF sequence",
    b"avif": "an AVIF",
    b"avis": "an AVIF sequence",
    b"crx ": "a camera's raw file",
}
_PDF_WITHIN: Final = 1024  # readers of PDF look for its header in the first kilobyte


def sniff(body: bytes) -> PhotoFormat:
    """Raises PhotoRefusedError: `image_unreadable`, or `image_truncated` for the mere beginning of a signature."""
    if body.startswith(_JPEG):
        return PhotoFormat.JPEG
    if body.startswith(SIGNATURE):
        return PhotoFormat.PNG
    if body.startswith(_TIFF):
        return PhotoFormat.TIFF
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if not body:
        raise refusals.unreadable("an empty file")
    if any(signature.startswith(body) for signature in (_JPEG, SIGNATURE, *_TIFF)) or _cut_riff(body):
        raise refusals.truncated("photo")
    raise refusals.unreadable(_guess(body))


def _cut_riff(body: bytes) -> bool:
    return len(body) < 12 and b"RIFF".startswith(body[:4]) and b"WEBP".startswith(body[8:12])


def _guess(body: bytes) -> str:
    if b"%PDF-" in body[:_PDF_WITHIN]:
        return "a PDF"
    if body[4:8] == b"ftyp":
        return _BRANDS.get(body[8:12], "a video")
    start = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    for signature, name in _OTHERS.items():
        if body.startswith(signature) or (len(signature) == 1 and start.startswith(signature)):
            return name
    return "no image type that is read here"
