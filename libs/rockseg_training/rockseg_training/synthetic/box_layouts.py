"""Real layouts of boxes, read from a geologist's polygons: which pieces lie in a channel, and how long they are.

The figures in `column.py` and `box.py` are of the same 71 boxes: pieces of one rock are 0.6 to 9 core widths long (log
deviation 0.8, median 1.9), gaps 0.02 to 1.4 (median 0.07), and walls between channels 0.04 to 0.76 (median 0.15).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Piece:
    """`outline` (n, 2) x, y in core widths, x from the channel's left; `rock` is the geologist's word."""

    rock: str
    outline: NDArray[np.float32]


@dataclass(frozen=True)
class Channel:
    """Pieces from the top down; `length` in core widths from the top of the first to the end of the last."""

    pieces: tuple[Piece, ...]
    length: float


def read_channels(file: Path) -> list[Channel]:
    """The channels of all boxes in a file of the VGG Image Annotator (VIA 2 JSON, polygons with `lithofacies`).

    ValueError names the file where it is no such file.
    """
    try:
        boxes = json.loads(file.read_text(encoding="utf-8"))
        shapes = [[_polygon(region) for region in _regions(box)] for box in boxes.values()]
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{file} holds no polygons of boxes: {error!r}") from error
    return [channel for box in shapes for group in _grouped(box) if (channel := _channel(group)) is not None]


def _regions(box: dict[str, object]) -> list[dict[str, dict[str, object]]]:
    regions = box["regions"]
    if not isinstance(regions, list):
        raise TypeError("regions are no list")
    return [region for region in regions if region["shape_attributes"]["name"] == "polygon"]


def _polygon(region: dict[str, dict[str, object]]) -> tuple[str, NDArray[np.float32]]:
    shape = region["shape_attributes"]
    points = np.stack([np.asarray(shape[axis], np.float32) for axis in ("all_points_x", "all_points_y")], 1)
    return str(region["region_attributes"].get("lithofacies", "")), points


def _grouped(
    polygons: Sequence[tuple[str, NDArray[np.float32]]],
) -> list[list[tuple[str, NDArray[np.float32]]]]:
    """Polygons whose x ranges overlap by half lie in one channel."""
    groups: list[list[tuple[str, NDArray[np.float32]]]] = []
    for polygon in sorted(polygons, key=lambda item: float(item[1][:, 0].min())):
        low, high = polygon[1][:, 0].min(), polygon[1][:, 0].max()
        for group in groups:
            first_low, first_high = group[0][1][:, 0].min(), group[0][1][:, 0].max()
            if min(high, first_high) - max(low, first_low) > 0.5 * min(high - low, first_high - first_low):
                group.append(polygon)
                break
        else:
            groups.append([polygon])
    return groups


def _channel(group: list[tuple[str, NDArray[np.float32]]]) -> Channel | None:
    widths = [float(np.ptp(points[:, 0])) for _, points in group]
    width = float(np.median(widths))
    if width < 1:
        return None
    left = float(np.median([points[:, 0].min() for _, points in group]))
    top = float(min(points[:, 1].min() for _, points in group))
    pieces = tuple(
        Piece(rock, ((points - (left, top)) / width).astype(np.float32))
        for rock, points in sorted(group, key=lambda item: float(item[1][:, 1].min()))
    )
    return Channel(pieces, max(float(piece.outline[:, 1].max()) for piece in pieces))
