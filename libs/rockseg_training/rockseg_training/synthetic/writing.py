"""Letters and figures, printed or by hand."""

import string
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.rock import Face

FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
LETTERS: Final = np.array(list(string.ascii_uppercase + string.digits * 3 + ".- "))


def write(
    rng: np.random.Generator, face: Face, *, lines: int, faint: bool = False
) -> tuple[Face, NDArray[np.bool_] | None]:
    """A copy of the face (h, w, 3) with `lines` written on it, and where the ink is, (h, w) bool or None."""
    if lines == 0:
        return face, None
    height, width = face.shape[:2]
    ink = np.zeros((height, width), np.uint8)
    for _ in range(lines):
        letters = "".join(rng.choice(LETTERS, int(rng.integers(3, 9))))
        size = float(np.clip(width / 160 * rng.uniform(0.5, 1.6), 0.3, 2.5))
        origin = (int(rng.uniform(0, 0.5) * width), int(rng.uniform(min(0.9, 20 * size / height), 1.0) * height))
        thick = max(1, round(size * rng.uniform(1.2, 2.4)))
        cv2.putText(ink, letters, origin, FONTS[rng.integers(3)], size, 255, thick, cv2.LINE_AA)
    if rng.random() < 0.4 and height > width / 3:
        ink = np.ascontiguousarray(ink[::-1, ::-1])
    dark = face.mean() > 80 or not faint
    tone = np.asarray(((12, 12, 14), (180, 30, 40), (30, 50, 120))[rng.choice(3, p=(0.65, 0.25, 0.1))], np.float32)
    tone = tone if dark else np.float32(235) - tone * 0.1
    alpha = ink.astype(np.float32)[..., None] / 255 * rng.uniform(0.5 if faint else 0.85, 1.0)
    return (face + alpha * (tone - face)).astype(np.float32), ink > 100
