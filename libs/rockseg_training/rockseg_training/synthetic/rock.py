"""One rock about to be drawn: its size, its scale, its colour, and the dice."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.noise import Field

Face = NDArray[np.float32]  # (h, w, 3) RGB of 0–255, not clipped
Colour = NDArray[np.float32]  # (3,)
Range = tuple[float, float]
RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Rock:
    """A face of `height` × `width` pixels, bedding across, depth down."""

    rng: np.random.Generator
    height: int
    width: int
    core_width_px: float
    px_per_mm: float
    depth: Field  # (height, width): pixels along the bedding's normal
    colour: Colour

    @property
    def size(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def dip(self) -> float:
        """How far the bedding falls, or rises if below 0, over the width: pixels down a pixel to the right."""
        middle = self.depth[self.height // 2]
        return float(middle[0] - middle[-1]) / max(1, self.width - 1)

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def between(self, ends: Range) -> float:
        return float(self.rng.uniform(*ends))

    def mm(self, ends: Range) -> float:
        """A length of so many mm, in pixels; each ratio equally likely."""
        return float(np.exp(self.rng.uniform(np.log(ends[0]), np.log(ends[1])))) * self.px_per_mm


# A mark draws on a face and gives back the new face. A family is a row of marks, the first of them its fabric.
Mark = Callable[[Rock, Face], Face]


def seen(size_px: float) -> float:
    """The contrast left of a pattern of `size_px`: what is finer than a pixel averages out, as in a photo."""
    return float(np.clip(size_px / 1.4, 0.0, 1.0))


def sometimes(share: float, mark: Mark) -> Mark:
    """The mark on the given share of faces."""

    def draw(rock: Rock, face: Face) -> Face:
        return mark(rock, face) if rock.chance(share) else face

    return draw


def one_of(*marks: Mark) -> Mark:
    """One of the marks, each as likely."""

    def draw(rock: Rock, face: Face) -> Face:
        return marks[rock.rng.integers(len(marks))](rock, face)

    return draw
