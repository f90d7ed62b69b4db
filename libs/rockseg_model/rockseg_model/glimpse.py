"""What the encoder saw of a photo in its first pass, in a few hundred numbers; asked for with the tiles of it."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rockseg_core.ports.segmenter import Tile
from rockseg_model.tiling import Place

Features = NDArray[np.float32]
"""(K,) float32: the maps of the encoder at STRIDES, averaged over the picture."""

# Measured on 768 pictures of no core, 550 crops of real core and 415 drawn ones, the starter network, heads and
# distances judged on kinds and photos that they were not fitted on: maps at 1/16 and 1/32 together do best; those at
# 1/8, their deviations, and means over the pixels called rock add nothing or harm.
STRIDES: Final = (16, 32)


class Inside(NamedTuple):
    """The part of a tile that is picture and not its mirror image, in pixels of the tile."""

    top: int
    left: int
    bottom: int
    right: int

    def cells(self, stride: int) -> tuple[slice, slice]:
        """Of a map at 1/stride: those that lie on the picture, one at least."""
        return _cells(self.top, self.bottom, stride), _cells(self.left, self.right, stride)


@dataclass
class Glimpse:
    """Where `forward` leaves what the encoder saw."""

    features: Features | None = None


@dataclass(frozen=True)
class LookingTile(Tile):
    """A tile of which the encoder's view is wanted too."""

    inside: Inside
    glimpse: Glimpse = field(default_factory=Glimpse)


class Glimpses:
    """Those of one pass over a picture of `size` (height, width)."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._seen: dict[int, tuple[int, Glimpse]] = {}  # by tile: pixels of the picture in it

    def ask(self, tile: Tile, place: Place) -> LookingTile:
        """The same tile asked for again leaves what it sees in the same place."""
        inside = Inside(
            max(0, -place.top),
            max(0, -place.left),
            min(place.height, self._size[0] - place.top),
            min(place.width, self._size[1] - place.left),
        )
        pixels = (inside.bottom - inside.top) * (inside.right - inside.left)
        _, glimpse = self._seen.setdefault(tile.index, (pixels, Glimpse()))
        return LookingTile(tile.index, tile.pixels, inside, glimpse)

    @property
    def features(self) -> Features | None:
        """Over the picture; None where a network did not look."""
        seen = [(pixels, glimpse.features) for pixels, glimpse in self._seen.values() if glimpse.features is not None]
        if not seen or len(seen) < len(self._seen):
            return None
        total: Features = np.average([of for _, of in seen], axis=0, weights=[pixels for pixels, _ in seen])
        return total.astype(np.float32)


def _cells(first: int, last: int, stride: int) -> slice:
    start = min(round(first / stride), (last - 1) // stride)
    return slice(start, max(start + 1, round(last / stride)))
