"""Which tiles cover a picture: one of the manifest's shapes, whichever needs the least area."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Final, NamedTuple

# The network halves five times: where tiles start multiples of 32 apart, two that overlap see the same features in the
# overlap, away from their borders. Without it they differ by the phase of the halving.
STEP_PX: Final = 32
# Of a tile's side, and never below 64 px. Measured on eight photos and the starter network, pixels that change with a
# grid half a tile off and a quarter off: overlap 64 px 2.1 and 1.9 %, 192 px 0.9 and 1.2 %, half a tile 0.4 and 0.6 %.
# It costs 1.6 × the tiles of 64 px on boxes, and none on a strip of 3 MP.
OVERLAP: Final = 1 / 2
LEAST_OVERLAP_PX: Final = 64
# Of the picture's mirror image around it. Measured likewise, with overlaps of 64 px: 3.2 % with none, 2.5 % with 16 px,
# 2.3 % with 32 px, which costs a tenth more tiles: a strip of one 160 px core is to fit into a tile of 256 px.
MARGIN_PX: Final = 16


class Place(NamedTuple):
    """A tile in its picture, in pixels; it may reach beyond the picture on every side."""

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width


def starts(length: int, side: int, *, shifted: bool = False) -> tuple[int, ...]:
    """Where tiles of `side` px start so as to cover 0 to `length` with a margin on both sides.

    Steps of 32 px, as even as that allows; overlaps of half a tile and more; what is over lies on both sides alike.
    `shifted` begins half a tile earlier, if more than one tile is needed: another grid over the same picture, to see
    what the grid changes.
    """
    steps, count = _steps(length + 2 * MARGIN_PX, side)
    first = (length - side - STEP_PX * steps) // 2
    if shifted and count:
        first -= side // 2 // STEP_PX * STEP_PX
        steps, count = _steps(length + MARGIN_PX - first, side)
    every = (first, *(first + STEP_PX * (index * steps // count) for index in range(1, count + 1)))
    # A shifted tile may lie wholly before the picture: nothing to see, and nothing to mirror.
    return tuple(start for start in every if start + side > 0)


def cover(size: tuple[int, int], shape: tuple[int, int], *, shifted: bool = False) -> list[Place]:
    """Places of one shape (height, width) over a picture of `size` (height, width)."""
    tops, lefts = (starts(length, side, shifted=shifted) for length, side in zip(size, shape, strict=True))
    return [Place(top, left, *shape) for top, left in product(tops, lefts)]


def least_cover(
    size: tuple[int, int],
    shapes: Iterable[tuple[int, int]],
    *,
    wanted: Callable[[Place], bool] = lambda _: True,
    shifted: bool = False,
) -> list[Place]:
    """Of the covers by each shape, less the places not `wanted`, the one of least area; of equals, the first."""
    covers = ([place for place in cover(size, shape, shifted=shifted) if wanted(place)] for shape in shapes)
    return min(covers, key=area)


def area(places: Sequence[Place]) -> int:
    return sum(place.height * place.width for place in places)


def least_cover_area(size: tuple[int, int], shapes: Iterable[tuple[int, int]]) -> int:
    """Pixels that the network would see; counted, not listed, since a picture may be 64 000 000 × 1."""
    return min(_count(size[0], height) * _count(size[1], width) * height * width for height, width in shapes)


def _count(length: int, side: int) -> int:
    return 1 + _steps(length + 2 * MARGIN_PX, side)[1]


def _steps(length: int, side: int) -> tuple[int, int]:
    """How far the last tile starts from the first, in steps of 32 px, and how many tiles follow the first."""
    steps = -(-max(0, length - side) // STEP_PX)
    stride = side - max(LEAST_OVERLAP_PX, round(side * OVERLAP))
    return steps, -(-steps // max(1, stride // STEP_PX))
