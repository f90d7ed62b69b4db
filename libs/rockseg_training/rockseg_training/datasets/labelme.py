"""DATA/NAME.json beside DATA/NAME.jpg: outlines drawn in labelme (github.com/wkentaro/labelme, format 4 and 5).

As labelme's own export does it, a later outline lies on an earlier one, and the inside of one called `_background_` is
background again: so a hole is cut. `__ignore__` is unlabelled.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Final

import cv2
import msgspec
import numpy as np
from PIL import Image

from rockseg_training.datasets.class_list import ClassList
from rockseg_training.datasets.classes_file import read_class_list
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.holes import Origin, read_origins
from rockseg_training.datasets.photo import Dataset, Photo, known_rock, mask_core_width
from rockseg_training.datasets.pictures import SUFFIXES, photo_size, read_photo
from rockseg_training.labels import Labels, LabelSpace

SHIFT: Final = 4  # OpenCV's fixed point: outlines are drawn to a sixteenth of a pixel


class Shape(msgspec.Struct):
    """An outline; `points` are (x, y) in pixels of the photo as displayed."""

    label: str
    points: list[tuple[float, float]]
    shape_type: str = "polygon"
    mask: str | None = None


class Outlines(msgspec.Struct, rename="camel"):
    """What a file of labelme holds that matters here."""

    shapes: list[Shape]
    image_path: str = ""
    image_height: int | None = None
    image_width: int | None = None


@dataclass(frozen=True)
class OutlinedPhoto:
    """An entry of a dataset."""

    file: Path
    outlines: Path
    classes: ClassList
    origin: Origin

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def hole(self) -> str:
        return self.origin.hole

    def labels(self) -> Labels:
        drawn = read_outlines(self.outlines)
        height, width = photo_size(self.file)
        if (drawn.image_height or height, drawn.image_width or width) != (height, width):
            raise DatasetError(
                f"{self.outlines} was drawn on a photo of {drawn.image_width} × {drawn.image_height} pixels, but "
                f"{self.file} is shown with {width} × {height}."
            )
        labels = np.full((height, width), self.classes.outside, np.uint8)
        for shape in drawn.shapes:
            label = self.classes.label(shape.label, str(self.outlines))
            labels[_inside(shape, (height, width), self.outlines)] = label
        return labels

    def read(self) -> Photo:
        labels = self.labels()
        width = self.origin.core_width_px or mask_core_width(known_rock(labels))
        return Photo(self.name, self.hole, read_photo(self.file), labels, width)


def read_labelme(data: Path, base: LabelSpace) -> Dataset:
    """Every *.json with outlines in DATA; photos without one are left out: they are yet to be labelled.

    Raises DatasetError for outlines without a photo, and what classes.json and holes.csv may have wrong.
    """
    files = outline_files(data)
    classes = read_class_list(data, base)
    photos = [_photo_of(file) for file in files]
    origins = read_origins(data, photos)
    entries = [
        OutlinedPhoto(photo, file, classes, origins[photo.name]) for file, photo in zip(files, photos, strict=True)
    ]
    return Dataset(classes.space, tuple(entries))


def outline_files(data: Path) -> Sequence[Path]:
    return [
        file for file in sorted(data.glob("*.json")) if file.name != "classes.json" and not file.name.startswith(".")
    ]


def read_outlines(file: Path) -> Outlines:
    """Raises DatasetError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Outlines)
    except (OSError, msgspec.DecodeError, UnicodeError) as error:
        raise DatasetError(f"{file} is no file of outlines as labelme writes them: {error}.") from error


def _photo_of(file: Path) -> Path:
    """The photo that the file names, if it lies in the same folder, else the one with the file's own name."""
    named = PureWindowsPath(read_outlines(file).image_path).name  # takes both kinds of slashes
    candidates = [file.with_name(named)] if named else []
    candidates += [file.with_suffix(suffix) for suffix in sorted(SUFFIXES | {s.upper() for s in SUFFIXES})]
    for candidate in candidates:
        if candidate.is_file() and candidate.suffix.lower() in SUFFIXES:
            return candidate
    raise DatasetError(f"There is no photo for {file}: {named or file.stem + '.jpg'} is not beside it.")


def _inside(shape: Shape, size: tuple[int, int], file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """(h, w) True on and within the outline. Raises DatasetError for what encloses nothing."""
    filled = np.zeros(size, np.uint8)
    points = np.array(shape.points, np.float64).reshape(-1, 2)
    if not np.isfinite(points).all() or np.abs(points).max(initial=0) > 1e6:
        raise DatasetError(f"{file} has an outline of {shape.label!r} with a corner far outside any photo.")
    match shape.shape_type, len(points):
        case "polygon", count if count >= 3:
            cv2.fillPoly(filled, [np.round(points * (1 << SHIFT)).astype(np.int32)], 1, shift=SHIFT)
        case "rectangle", 2:
            (left, top), (right, bottom) = np.round(points.min(0)).astype(int), np.round(points.max(0)).astype(int)
            filled[max(0, top) : max(0, bottom + 1), max(0, left) : max(0, right + 1)] = 1
        case "circle", 2:
            centre, radius = np.round(points[0]).astype(int), round(float(np.hypot(*(points[1] - points[0]))))
            cv2.circle(filled, (int(centre[0]), int(centre[1])), radius, (1,), -1)
        case "mask", 2 if shape.mask:
            _stamp(filled, shape, points, file)
        case kind, count:
            raise DatasetError(
                f"{file} has {shape.label!r} as a {kind} of {count} points, which encloses nothing; draw a polygon."
            )
    return filled > 0


def _stamp(filled: Labels, shape: Shape, points: np.ndarray[tuple[int, ...], np.dtype[np.float64]], file: Path) -> None:
    """A shape of labelme 5's AI tools: a PNG in base64 whose upper left corner is the first point."""
    try:
        stamp = np.asarray(Image.open(io.BytesIO(base64.b64decode(shape.mask or "")))) > 0
    except (OSError, ValueError, SyntaxError) as error:
        raise DatasetError(f"{file} has a mask of {shape.label!r} that cannot be read.") from error
    left, top = (max(0, round(at)) for at in points[0])
    part = filled[top : top + stamp.shape[0], left : left + stamp.shape[1]]
    part[stamp[: part.shape[0], : part.shape[1]]] = 1
