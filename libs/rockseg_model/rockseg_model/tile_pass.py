"""One look at a picture through tiles: handed out in rounds, blended, and closed band by band."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

import cv2
import numpy as np

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.ports.segmenter import Tile
from rockseg_model.glimpse import Glimpses
from rockseg_model.mosaic import Band, Mosaic
from rockseg_model.tiling import Place

# A tile's logits are 12 MB: a round bounds what waits between the device and the mosaic.
MOST_TILES_A_ROUND: Final = 16


class TilePass:
    """`sink` gets every band of the picture in order, the last one when the last round is in.

    With `glimpses`, the encoder's view of every tile is asked for. Tiles are numbered from
    `first_index` on, in the order of the picture's longer side.
    """

    def __init__(
        self,
        picture: Pixels,
        places: Sequence[Place],
        classes: int,
        first_index: int,
        sink: Callable[[Band], None],
        *,
        glimpses: Glimpses | None = None,
    ) -> None:
        self._picture, self._sink, self._glimpses = picture, sink, glimpses
        self._mosaic = Mosaic(classes, (picture.shape[0], picture.shape[1]))
        ordered = sorted(places, key=self._mosaic.start_of)
        self._places = dict(enumerate(ordered, first_index))
        self._rounds = _rounds(self._places, self._mosaic)
        self._waiting: set[int] = set()
        self._arrived: dict[int, Logits] = {}
        self._closed = False

    def tiles(self) -> list[Tile]:
        """Blend what has arrived; then the tiles of the round at hand that have no logits yet, empty at the end."""
        self._blend()
        if not self._waiting and self._rounds:
            self._waiting = set(self._rounds.pop(0))
        if not self._waiting and not self._closed:
            self._closed = True
            self._close(self._mosaic.size[self._mosaic.along])
        return [self._tile(index, self._places[index]) for index in sorted(self._waiting)]

    def add(self, index: int, logits: Logits) -> None:
        """Only kept: blending waits for `tiles`, which is called off the event loop."""
        if index not in self._waiting:
            raise ValueError(f"tile {index} is not of this round")
        self._waiting.remove(index)
        self._arrived[index] = logits

    def _tile(self, index: int, place: Place) -> Tile:
        tile = Tile(index, cut(self._picture, place))
        return self._glimpses.ask(tile, place) if self._glimpses else tile

    def _blend(self) -> None:
        if not self._arrived:
            return
        self._mosaic.reserve(max(self._mosaic.stop_of(self._places[index]) for index in self._arrived))
        for index in sorted(self._arrived):
            self._mosaic.add(self._places[index], self._arrived.pop(index))
        ahead = [*self._waiting, *(self._rounds[0] if self._rounds else ())]
        if ahead:
            self._close(min(self._mosaic.start_of(self._places[index]) for index in ahead))

    def _close(self, stop: int) -> None:
        for band in self._mosaic.close(stop):
            self._sink(band)


def cut(picture: Pixels, place: Place) -> Pixels:
    """The tile's pixels, (h, w, 3) uint8; beyond the picture its mirror image, the likeliest of continuations."""
    height, width = picture.shape[:2]
    top, left = max(0, place.top), max(0, place.left)
    bottom, right = min(height, place.bottom), min(width, place.right)
    inside = picture[top:bottom, left:right]
    margins = (top - place.top, place.bottom - bottom, left - place.left, place.right - right)
    if not any(margins):
        return np.ascontiguousarray(inside)
    return cv2.copyMakeBorder(inside, *margins, cv2.BORDER_REFLECT_101).astype(np.uint8, copy=False)


def _rounds(places: dict[int, Place], mosaic: Mosaic) -> list[list[int]]:
    """Whole lines of tiles across the picture, as many as fit in a round; a longer line goes in several rounds."""
    rounds: list[list[int]] = []
    for _, line in groupby(places, key=lambda index: mosaic.start_of(places[index])):
        indices = list(line)
        if rounds and len(rounds[-1]) + len(indices) <= MOST_TILES_A_ROUND:
            rounds[-1] += indices
            continue
        rounds += [indices[i : i + MOST_TILES_A_ROUND] for i in range(0, len(indices), MOST_TILES_A_ROUND)]
    return rounds
