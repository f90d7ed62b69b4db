"""Which photo is of which drill hole, and the split that keeps a hole on one side."""

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.errors import DatasetError, listed

FILE: Final = "holes.csv"
NO_HOLE: Final = "unnamed hole"


@dataclass(frozen=True)
class Origin:
    """`core_width_px` where somebody measured it in the photo."""

    hole: str
    core_width_px: float | None = None


def read_origins(data: Path, photos: Sequence[Path]) -> dict[str, Origin]:
    """By the photo's file name. From DATA/holes.csv (columns photo, hole and, if known, core_width_px), else by name.

    Raises DatasetError for a file that leaves a photo out, or names one that is not there.
    """
    table = data / FILE
    if not table.exists():
        return {photo.name: Origin(hole_of(photo.stem)) for photo in photos}
    rows = _rows(table)
    origins = {photo.name: rows.pop(photo.name, None) or rows.pop(photo.stem, None) for photo in photos}
    if rows:
        raise DatasetError(f"{table} names photos that are not there: {listed(sorted(rows))}.")
    if missing := [name for name, origin in origins.items() if origin is None]:
        raise DatasetError(f"{table} has no line for {listed(missing)}.")
    return {name: origin for name, origin in origins.items() if origin}


def hole_of(stem: str) -> str:
    """A photo's name up to its first `_`, or up to its first `-` if it has no `_`; else no hole is known.

    Photos of no known hole count as one hole: neighbours on both sides of a split would flatter every figure.
    """
    for separator in "_-":
        if separator in stem.strip("_-"):
            return stem.strip("_-").partition(separator)[0]
    return NO_HOLE


def _rows(table: Path) -> dict[str, Origin]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeError, csv.Error) as error:
        raise DatasetError(f"{table} cannot be read as a table in UTF-8.") from error
    if not rows or not {"photo", "hole"} <= rows[0].keys():
        raise DatasetError(f"{table} needs a first line `photo,hole`, and a line for each photo.")
    origins = {}
    for number, row in enumerate(rows, 2):
        width = (row.get("core_width_px") or "").strip()
        if not row["photo"] or not (row["hole"] or "").strip() or not (width or "1").replace(".", "", 1).isdigit():
            raise DatasetError(f"{table}, line {number}: a photo and a hole are wanted, and a core width in pixels.")
        if row["photo"].strip() in origins:
            raise DatasetError(f"{table}, line {number}: {row['photo']} is named a second time.")
        origins[row["photo"].strip()] = Origin(row["hole"].strip(), float(width) if width else None)
    return origins


def held_out_holes(counts: Mapping[str, Iterable[NDArray[np.int64]]], classes: int, share: float) -> frozenset[str]:
    """Holes to validate on: about `share` of the photos, and no class that training would then not see.

    `counts` are, by hole, the (256,) pixels of each label of its photos. The choice depends on the holes' names alone.
    Empty where there is one hole, or each has a class of its own.
    """
    pixels = {hole: [count[:classes] for count in of_hole] for hole, of_hole in counts.items()}
    photos = sum(map(len, pixels.values()))
    total = sum((sum(of_hole, np.zeros(classes, np.int64)) for of_hole in pixels.values()), np.zeros(classes, np.int64))
    kept, held, wanted = total.copy(), set[str](), max(1, round(share * photos))
    for hole in sorted(pixels, key=lambda name: hashlib.sha256(name.encode()).digest()):
        left = kept - sum(pixels[hole], np.zeros(classes, np.int64))
        held_photos = sum(len(pixels[name]) for name in held)
        fits = held_photos + len(pixels[hole]) <= 1.5 * wanted or not held
        enough = len(held) < len(pixels) - 1 and held_photos < wanted
        if enough and fits and len(pixels[hole]) <= photos / 2 and (left[total > 0] > 0).all():
            held.add(hole)
            kept = left
    return frozenset(held)
