"""Which tiles cover a picture: one of the manifest's shapes, whichever needs the least area."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Final, NamedTuple

# The network halves five times: where tiles start at multiples of 32, two that overlap see the same features in the
# overlap, away from their borders. Without it they differ by the phase of the halving.
STEP_PX: Final = 32
LEAST_OVERLAP_PX: Final = 64


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
    """Where tiles of `side` px start so as to cover 0 to `length`: even steps of 32 px, overlaps of 64 px and more.

    `shifted` begins half a tile before 0: another grid over the same picture, to see what the grid changes.
    """
    first = -(side // 2 // STEP_PX * STEP_PX) if shifted else 0
    steps, count = _steps(length - first, side)
    return (first, *(first + STEP_PX * (index * steps // count) for index in range(1, count + 1)))


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
    return min(
        (1 + _steps(size[0], height)[1]) * (1 + _steps(size[1], width)[1]) * height * width for height, width in shapes
    )


def _steps(length: int, side: int) -> tuple[int, int]:
    """How far the last tile starts from the first, in steps of 32 px, and how many tiles follow the first."""
    steps = -(-max(0, length - side) // STEP_PX)
    return steps, -(-steps // max(1, (side - LEAST_OVERLAP_PX) // STEP_PX))
