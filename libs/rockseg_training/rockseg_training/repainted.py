"""Drawn rocks within the outlines of a real photo: so that what looks like a photo may be any rock.

Real photos say of their rock at most that it is sandstone, limestone or marl, and a network that has seen no other kind
in a photo names no other: it called all mudstone of a well that it did not know sandstone.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_model.core_width import runs, weighted_mean
from rockseg_training.labels import UNLABELLED, Labels
from rockseg_training.synthetic.column import draw_column
from rockseg_training.synthetic.crop import core_mm
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.rock import Face
from rockseg_training.synthetic.stage import Stage
from rockseg_training.synthetic.suite import draw_suite

LEAST_ROCK: Final = 0.1  # of a crop, and LEAST_REST of background: else it is as good as a drawn one
LEAST_REST: Final = 0.02
WALL: Final = 0.06  # rock in a line along the cores: less of it is between two cores
MOST_SHADING: Final = 0.8  # of the photo's own light and shadow, which stay on the drawn rock
MOST_GRAIN: Final = 0.3  # of what is finer


@dataclass(frozen=True)
class Repainter:
    """`labels` (256,) turns the classes of drawn rocks into those of the photos' space."""

    painter: Painter
    labels: Labels

    def __call__(
        self, rng: np.random.Generator, pixels: Face, labels: Labels, core_width_px: float
    ) -> tuple[Face, Labels]:
        """Pixels (h, w, 3) and labels (h, w) with another rock in each core; as given where there is too little."""
        rock = (labels > 0) & (labels != UNLABELLED)
        if rock.mean() < LEAST_ROCK or (labels == 0).mean() < LEAST_REST:
            return pixels, labels
        upright = is_upright(rock)
        if not upright:
            pixels, labels, rock = pixels.swapaxes(0, 1), labels.T, rock.T
        faces, kinds = self._faces(rng, rock, core_width_px)
        blur = max(1.0, core_width_px / 10)
        slow = np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur), np.float32)
        faces *= _shading(rng, slow, rock)
        faces += rng.uniform(0, MOST_GRAIN) * (pixels - slow)
        inside = within(labels, rock)
        alpha = cv2.GaussianBlur(inside.astype(np.float32), (3, 3), 0)[..., None]
        painted = np.asarray(pixels + alpha * (faces - pixels), np.float32)
        named = np.where(rock, kinds, labels).astype(np.uint8)
        return (painted, named) if upright else (painted.swapaxes(0, 1), named.T)

    def _faces(
        self, rng: np.random.Generator, rock: NDArray[np.bool_], core_width_px: float
    ) -> tuple[Face, NDArray[np.uint8]]:
        """A face and the labels of a core for each stretch of columns between two walls."""
        height, width = rock.shape
        faces, kinds = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.uint8)
        stage = Stage(self.painter, core_width_px, core_mm(rng, core_width_px), suite=draw_suite(rng))
        for left, right in pairwise(edges_of(rock)):
            column = draw_column(rng, height, right - left, stage, whole=True)
            faces[:, left:right], kinds[:, left:right] = column.pixels, self.labels[column.mask]
        return faces, kinds


def is_upright(rock: NDArray[np.bool_]) -> bool:
    """Whether cores lie along y in (h, w)."""
    return weighted_mean(runs(rock.T)) >= weighted_mean(runs(rock))


def edges_of(rock: NDArray[np.bool_]) -> list[int]:
    """Columns of (h, w), cores upright, at which a core or a wall begins; the first is 0, the last w."""
    walls = np.flatnonzero(np.diff(rock.mean(0) > WALL)) + 1
    return [0, *walls.tolist(), rock.shape[1]]


def _shading(rng: np.random.Generator, slow: Face, rock: NDArray[np.bool_]) -> Face:
    """(h, w, 1) light on the rock, 1 on average."""
    light = slow.mean(2)
    share = np.clip(light / max(1.0, float(light[rock].mean())), 0.5, 1.6)
    shading: Face = 1 + np.float32(rng.uniform(0, MOST_SHADING)) * (share[..., None] - 1)
    return shading


def within(labels: Labels, rock: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rock, and what is unsure and nearer to it than to the background: an unsure rim has rock's colour mostly."""
    if not (labels == UNLABELLED).any():
        return rock
    to_rock = cv2.distanceTransform((~rock).astype(np.uint8), cv2.DIST_L1, 3)
    to_rest = cv2.distanceTransform((labels != 0).astype(np.uint8), cv2.DIST_L1, 3)
    nearer: NDArray[np.bool_] = rock | ((labels == UNLABELLED) & (to_rock <= to_rest))
    return nearer
