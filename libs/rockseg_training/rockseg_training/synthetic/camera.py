"""From scene to photo: light, lens, sensor and file."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.noise import fractal
from rockseg_training.synthetic.rock import Face

SHARPENED_SHARE: Final = 0.3  # of photos, by the camera itself


def photograph(rng: np.random.Generator, scene: Face, *, sharpness: float = 1.0) -> NDArray[np.uint8]:
    """(h, w, 3) float32 of 0–255 → uint8; `sharpness` below 1 is a photo of fewer pixels, enlarged to this size."""
    height, width = scene.shape[:2]
    image = _light(rng, np.clip(scene, 0, 255))
    small = (max(16, int(width * sharpness)), max(16, int(height * sharpness)))
    if sharpness < 1:
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.float32)
    if rng.random() < 0.6:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.0))), np.float32)
    if rng.random() < SHARPENED_SHARE:
        image = image + rng.uniform(0.2, 1.0) * (image - cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.7, 1.5))))
    strength = np.float32(rng.gamma(1.5, 1.0))
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    noise *= strength
    noise += image
    photo: NDArray[np.uint8] = np.clip(noise, 0, 255, out=noise).astype(np.uint8)
    if rng.random() < 0.7:
        quality = int(rng.integers(40, 96))
        _, body = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        photo = np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
    if sharpness < 1:
        photo = cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return np.ascontiguousarray(photo)


def _light(rng: np.random.Generator, scene: Face) -> Face:
    """Brightness, contrast, white balance, a slope of light, and now and then the shadow of something outside."""
    height, width = scene.shape[:2]
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    slope = 1 + rng.normal(0, 0.08) * y + rng.normal(0, 0.08) * x - abs(rng.normal(0, 0.04)) * (x * x + y * y)
    if rng.random() < 0.15:
        slope = slope * _shadow(rng, y, x)
    balance = np.exp(rng.normal(0, 0.045, 3) + rng.normal(0, 0.11)).astype(np.float32)
    gamma = float(np.exp(rng.normal(0, 0.16)))
    levels = (255 * np.linspace(0, 1, 256) ** gamma).astype(np.float32)
    lit = np.clip(scene * slope[..., None] * balance, 0, 255)
    image = np.asarray(cv2.LUT(lit.astype(np.uint8), levels), np.float32)
    if rng.random() < 0.04:
        image = np.repeat(image.mean(2, keepdims=True), 3, axis=2)
    return image


def _shadow(rng: np.random.Generator, y: Face, x: Face) -> Face:
    """(h, w) share of the light left by something outside: a straight edge, or leaves and hands."""
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        inside = np.sin(angle) * y + np.cos(angle) * x - rng.uniform(-0.2, 0.8)
        sharp = rng.uniform(6, 60)
    else:
        inside = fractal(rng, len(y), len(x), beta=3.5, finest_px=max(len(y), len(x)) / 5) - rng.uniform(0, 1)
        sharp = 8.0
    share: Face = 1 - rng.uniform(0.15, 0.5) / (1 + np.exp(-np.clip(sharp * inside, -30, 30)))
    return share
