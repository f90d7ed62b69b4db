"""A core comes out of the ground in pieces, and loses some."""

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.box_layouts import Channel


def pieces(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """1 where a piece of core lies: rough polygons with gaps between them, some turned a little, crumbs in the gaps."""
    present = np.zeros((height, width), np.uint8)
    rough = width * rng.choice([0.003, 0.008, 0.02])
    often = float(rng.choice([0.8, 2.5, 8.0]))  # core widths between two breaks
    top = -rng.uniform(0, 1) * width if rng.random() < 0.75 else rng.uniform(0, 0.4) * height
    slope = rng.normal(0, 0.1)
    while top < height:
        bottom = top + max(0.25, rng.gamma(1.5, often / 1.5)) * width
        next_slope = rng.normal(0, 0.12) if rng.random() < 0.8 else rng.normal(0, 0.5)
        points = _outline(rng, top, bottom, width, (slope, next_slope), rough)
        cv2.fillPoly(present, [np.round(points * 8).astype(np.int32)], 1, cv2.LINE_8, 3)
        gap = width * (rng.exponential(0.03) if rng.random() < 0.85 else rng.uniform(0.1, 0.9))
        if gap > 0.15 * width:
            _crumbs(rng, present, bottom, gap)
        top, slope = bottom + gap, next_slope if rng.random() < 0.7 else rng.normal(0, 0.12)
    return present


def _outline(
    rng: np.random.Generator, top: float, bottom: float, width: int, slopes: tuple[float, float], rough: float
) -> NDArray[np.float64]:
    x = np.linspace(rough, width - rough, 9)
    upper = np.stack([x, top + slopes[0] * (x - width / 2) + np.cumsum(rng.normal(0, rough, 9))], 1)
    lower = np.stack([x, bottom + slopes[1] * (x - width / 2) + np.cumsum(rng.normal(0, rough, 9))], 1)
    y = np.linspace(0, 1, 6)[1:-1]
    right = np.stack([width - rough * np.abs(rng.normal(0, 1, 4)), upper[-1, 1] + y * (lower[-1, 1] - upper[-1, 1])], 1)
    left = np.stack([rough * np.abs(rng.normal(0, 1, 4)), upper[0, 1] + y * (lower[0, 1] - upper[0, 1])], 1)
    points = np.concatenate([upper, right, lower[::-1], left[::-1]])
    turn = np.radians(rng.normal(0, 1.0) if rng.random() < 0.75 else rng.uniform(-10, 10))
    turn *= min(1.0, 1.5 * width / (bottom - top))  # a long piece lies straight: the channel holds it
    middle = points.mean(0)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned: NDArray[np.float64] = (points - middle) @ spin.T + middle
    return turned


def _crumbs(rng: np.random.Generator, present: NDArray[np.uint8], top: float, gap: float) -> None:
    width = present.shape[1]
    for _ in range(int(rng.integers(0, 10))):
        size = gap * rng.uniform(0.08, 0.35)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 7))
        middle = (rng.uniform(0.1, 0.9) * width, top + rng.uniform(0.1, 0.9) * gap)
        points = np.stack([size * np.cos(angles), size * np.sin(angles)], 1) * rng.uniform(0.5, 1, (7, 1)) + middle
        cv2.fillPoly(present, [np.round(points * 8).astype(np.int32)], 1, cv2.LINE_8, 3)


def pieces_of(rng: np.random.Generator, channel: Channel, height: int, width: int) -> NDArray[np.uint8]:
    """1 where a piece lies, as in a stretch of a real channel, upright or turned over, mirrored or not."""
    present = np.zeros((height, width), np.uint8)
    start = rng.uniform(-0.3, max(0.0, channel.length - height / width))
    mirrored, turned = rng.random(2) < 0.5
    for piece in channel.pieces:
        points = (piece.outline - (0.0, start)) * width
        points[:, 0] = np.where(mirrored, width - points[:, 0], points[:, 0])
        points[:, 1] = np.where(turned, height - points[:, 1], points[:, 1])
        cv2.fillPoly(present, [np.round(points * 8).astype(np.int32)], 1, cv2.LINE_8, 3)
    return present
