from dataclasses import dataclass
from enum import StrEnum


class PhotoFormat(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"


@dataclass(frozen=True)
class Anatomy:
    """What a walk through a file's structure found, without decoding it.

    `width` and `height` are as stored; `orientation` (EXIF, 1–8) tells how to turn that. `essence` are the byte ranges
    that make the picture: joined, they are a file of the same format without its metadata, thumbnails, further frames
    and what follows the image, so that no decoder ever parses those.
    """

    format: PhotoFormat
    width: int
    height: int
    orientation: int
    essence: tuple[tuple[int, int], ...]
    channels: int = 3
    """JPEG: 4 for CMYK and YCCK."""
    inverted: bool = False
    """CMYK JPEG with Adobe's marker: 255 is no ink."""
    alpha: bool = False
    colour_key: int | None = None
    """Grey PNG: the value that is transparent, scaled to 8 bits (16-bit images: to 16)."""

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height as displayed: orientations 5 to 8 make them change places."""
        return (self.width, self.height) if self.orientation < 5 else (self.height, self.width)


def pixels_of(body: bytes, essence: tuple[tuple[int, int], ...]) -> bytes:
    """The essence joined; `body` itself where that is all of it."""
    if essence == ((0, len(body)),):
        return body
    view = memoryview(body)
    return b"".join(view[start:end] for start, end in essence)


class Essence:
    """Collects byte ranges; neighbours become one."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    def keep(self, start: int, end: int) -> None:
        if self._ranges and self._ranges[-1][1] == start:
            start = self._ranges.pop()[0]
        self._ranges.append((start, end))

    def ranges(self) -> tuple[tuple[int, int], ...]:
        return tuple(self._ranges)
