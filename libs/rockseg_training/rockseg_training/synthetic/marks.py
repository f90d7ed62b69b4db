"""What makes a rock that rock: laminae, clasts, nodules, veins, burrows, vugs, stylolites, shells.

Each function draws on a face, (h, w, 3) float32 RGB of 0–255, and gives back the new face. Sizes are in pixels.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.colours import Colour, shade
from rockseg_training.synthetic.noise import Field, along, fractal, profile

Face = NDArray[np.float32]


def _as_drawing(face: Face) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.clip(face, 0, 255).astype(np.uint8))  # OpenCV smooths edges on bytes only


def _rgb(colour: Colour) -> tuple[float, float, float]:
    return float(colour[0]), float(colour[1]), float(colour[2])


def laminae(rng: np.random.Generator, face: Face, depth: Field, *, spacing: float, contrast: float) -> Face:
    """Parallel light and dark bands along the bedding."""
    length = int(np.hypot(*face.shape[:2])) + 8
    bands = profile(rng, length, max(1.5, spacing))
    if rng.random() < 0.5:
        bands = np.tanh(2.5 * bands)  # sharp-edged
    return face + contrast * along(bands.astype(np.float32), depth)[..., None]


def streaks(
    rng: np.random.Generator, face: Face, depth: Field, *, colour: Colour, spacing: float, thick: float
) -> Face:
    """Thin beds of another colour with rock between them; they pinch out here and there."""
    length = int(np.hypot(*face.shape[:2])) + 8
    line = np.zeros(length, np.float32)
    position = rng.uniform(0, spacing)
    while position < length:
        line[int(position) : int(position + max(1.0, rng.gamma(2.0, thick / 2)))] = rng.uniform(0.4, 1.0)
        position += max(2.0, rng.gamma(1.5, spacing / 1.5))
    broken = fractal(rng, *face.shape[:2], beta=2.0, stretch=(0.4, 3.0), finest_px=max(2.0, thick * 2))
    soft = np.asarray(cv2.GaussianBlur(line[:, None], (1, 3), 0)[:, 0], np.float32)
    alpha = along(soft, depth) * np.clip(0.8 + broken, 0, 1)
    return np.asarray(face + alpha[..., None] * (colour - face), np.float32)


def clasts(
    rng: np.random.Generator, face: Face, *, size: float, cover: float, colours: list[Colour], angular: float
) -> Face:
    """Rounded or angular pieces that cover about the share `cover` of the face."""
    height, width = face.shape[:2]
    drawing = _as_drawing(face)
    left, drawn = cover * height * width, 0
    while left > 0 and drawn < 500:
        radius = float(np.clip(rng.lognormal(np.log(size), 0.5), size / 3, size * 3.5))
        corners = int(rng.integers(6, 12))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radii = radius * (1 - angular * rng.random(corners))
        flat, turn = rng.uniform(0.5, 1.0), rng.normal(0, 0.4)
        x, y = radii * np.cos(angles), flat * radii * np.sin(angles)
        outline = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], 1)
        outline += (rng.uniform(0, width), rng.uniform(0, height))
        colour = shade(rng, colours[rng.integers(len(colours))], lightness=10, chroma=4)
        points = np.round(outline * 8).astype(np.int32)
        cv2.fillPoly(drawing, [points], _rgb(colour), cv2.LINE_AA, 3)
        if radius > 5:
            cv2.polylines(drawing, [points], True, _rgb(colour * rng.uniform(0.55, 0.9)), 1, cv2.LINE_AA, 3)
        left -= np.pi * radius * radius * flat * 0.6
        drawn += 1
    return drawing.astype(np.float32)


def nodules(rng: np.random.Generator, face: Face, *, size: float, seam: Colour, thick: float, stretch: float) -> Face:
    """Chicken wire: nodules of the face's colour, packed, with thin seams of another colour between them."""
    height, width = face.shape[:2]
    small = (max(8, int(height / stretch)), width)
    seeds = np.full(small, 255, np.uint8)
    count = max(4, int(small[0] * small[1] / (size * size)))
    seeds[rng.integers(0, small[0], count), rng.integers(0, small[1], count)] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    lightness = (rng.standard_normal(count + 2, dtype=np.float32) * 7)[np.minimum(labels, count + 1)]
    values = labels.astype(np.float32)
    edge = (cv2.dilate(values, np.ones((2, 2), np.uint8)) != values).astype(np.float32)
    edge = np.clip(cv2.GaussianBlur(edge, (0, 0), max(0.5, thick)) * 3.2, 0, 1)
    bend = 0.25 * size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x = x + bend * fractal(rng, height, width, beta=3.0, finest_px=max(4.0, size / 3))
    y = y * np.float32(small[0] / height) + bend * fractal(rng, height, width, beta=3.0, finest_px=max(4.0, size / 3))
    edge, lightness = (
        np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
        for values in (edge, lightness)
    )
    face = face + lightness[..., None]
    broken = np.clip(0.7 + 0.5 * fractal(rng, height, width, beta=2.5, finest_px=4.0), 0, 1)
    return np.asarray(face + (0.9 * edge * broken)[..., None] * (seam - face), np.float32)


def lines(
    rng: np.random.Generator, face: Face, *, count: int, colour: Colour, slope: float, rough: float, thick: int
) -> Face:
    """`count` wandering lines: veins (steep, smooth) or stylolites (flat, rough)."""
    height, width = face.shape[:2]
    drawing = _as_drawing(face)
    for _ in range(count):
        steep = rng.random() < slope
        reach = int(height * rng.uniform(0.2, 1)) if steep else width
        step = 2 if rough > 0.5 else 6
        t = np.arange(0, reach + step, step, dtype=np.float32)
        sideways = np.cumsum(rng.normal(0, rough, len(t))) if rough <= 0.5 else rng.normal(0, rough, len(t))
        sideways = sideways + rng.normal(0, 0.25) * t
        if steep:
            points = np.stack([rng.uniform(0, width) + sideways, rng.uniform(-0.2, 0.8) * height + t], 1)
        else:
            points = np.stack([t, rng.uniform(0, height) + sideways], 1)
        weight = int(rng.integers(1, thick + 1))
        cv2.polylines(drawing, [np.round(points * 8).astype(np.int32)], False, _rgb(colour), weight, cv2.LINE_AA, 3)
    return drawing.astype(np.float32)


def specks(
    rng: np.random.Generator, face: Face, *, size: float, cover: float, colour: Colour, flat: float, rim: float = 0.0
) -> Face:
    """Small ellipses: vugs (dark, with a light rim), burrows, shells, pisoliths."""
    height, width = face.shape[:2]
    drawing = _as_drawing(face)
    count = int(min(400, cover * height * width / (np.pi * size * size * flat + 0.5))) + 1
    for _ in range(count):
        radius = float(np.clip(rng.lognormal(np.log(size), 0.45), 0.5, size * 4))
        centre = (int(rng.uniform(0, width) * 8), int(rng.uniform(0, height) * 8))
        axes = (int(radius * 8), int(max(0.4, radius * flat * rng.uniform(0.6, 1.3)) * 8))
        turn = rng.normal(0, 25)
        tint = _rgb(shade(rng, colour, lightness=8, chroma=3))
        cv2.ellipse(drawing, (*centre,), axes, turn, 0, 360, tint, -1, cv2.LINE_AA, 3)
        if rim > 0 and radius > 2:
            light = _rgb(np.clip(colour + rim, 0, 255))
            cv2.ellipse(drawing, (*centre,), axes, turn, 180, 330, light, 1, cv2.LINE_AA, 3)
    return drawing.astype(np.float32)
