"""What all of these pictures are made of: colours, slopes of colour, polygons and round things."""

import colorsys

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.noise import fractal

Picture = NDArray[np.float32]
"""(h, w, 3) float32 RGB, 0 to 255."""


def colour(
    rng: np.random.Generator,
    *,
    hue: tuple[float, float] = (0, 1),
    saturation: tuple[float, float] = (0, 1),
    value: tuple[float, float] = (0.1, 1),
) -> Picture:
    """(3,): somewhere between the bounds, each 0 to 1; hues may go beyond 1 to pass red."""
    shade = colorsys.hsv_to_rgb(rng.uniform(*hue) % 1, rng.uniform(*saturation), rng.uniform(*value))
    return np.array(shade, np.float32) * 255


def plain(height: int, width: int, shade: Picture) -> Picture:
    return np.full((height, width, 3), shade, np.float32)


def grey(value: float) -> Picture:
    """(3,)."""
    return np.full(3, value, np.float32)


def slope(height: int, width: int, first: Picture, last: Picture, *, angle: float = np.pi / 2) -> Picture:
    """From one colour to another; by default downwards."""
    y, x = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)
    along = np.sin(angle) * y + np.cos(angle) * x
    share = ((along - along.min()) / max(1e-6, np.ptp(along)))[..., None]
    return np.asarray(first + share * (last - first), np.float32)


def mottle(
    rng: np.random.Generator, picture: Picture, amount: float, *, beta: float = 2.0, finest: float = 1
) -> Picture:
    """Lighter and darker by noise of deviation `amount`."""
    field = fractal(rng, *picture.shape[:2], beta=beta, finest_px=finest)
    return np.asarray(picture + (amount * field)[..., None], np.float32)


def polygon(picture: Picture, corners: NDArray[np.float64], shade: Picture) -> None:
    """Fill in place; corners (n, 2) are (x, y)."""
    red, green, blue = shade.tolist()
    cv2.fillPoly(picture, [np.round(corners).astype(np.int32)], (red, green, blue))


def ellipse(
    picture: Picture, centre: tuple[float, float], axes: tuple[float, float], shade: Picture, *, degrees: float = 0
) -> None:
    """Fill in place; centre and half axes are (x, y)."""
    red, green, blue = shade.tolist()
    half = max(1, round(axes[0])), max(1, round(axes[1]))
    at = round(centre[0]), round(centre[1])
    cv2.ellipse(picture, at, half, degrees, 0, 360, (red, green, blue), -1)


def line(picture: Picture, points: NDArray[np.float64], shade: Picture, thick: float) -> None:
    """Draw in place through points (n, 2), (x, y)."""
    red, green, blue = shade.tolist()
    cv2.polylines(
        picture, [np.round(points).astype(np.int32)], False, (red, green, blue), max(1, round(thick)), cv2.LINE_AA
    )


def box(picture: Picture, top: float, left: float, bottom: float, right: float, shade: Picture) -> None:
    """Fill in place."""
    picture[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = shade
