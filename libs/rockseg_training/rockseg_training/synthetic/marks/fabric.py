"""The face before its marks: slow mottling as 1/f^beta noise, and grain that has a size in mm."""

import cv2
import numpy as np

from rockseg_training.synthetic.noise import Field, fractal
from rockseg_training.synthetic.rock import RGB, Face, Mark, Range, Rock, seen


def fabric(
    *, mottle: Range, beta: Range, flat: Range = (1.0, 1.0), grain_mm: Range, grain: Range, skew: float = 0.0
) -> Mark:
    """`flat` is the anisotropy along the bedding; `skew` > 0 makes dark grains among pale ones, < 0 the reverse."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        slow = fractal(rng, *rock.size, beta=rock.between(beta), stretch=(1.0, rock.between(flat)), finest_px=2.0)
        hue = (1.0 + rng.normal(0, 0.15, 3)).astype(np.float32)  # mottles lean to another hue
        fine = grains(rng, rock.size, rock.mm(grain_mm), skew)
        tint = (1.0 + rng.normal(0, 0.06, 3)).astype(np.float32)
        face = face + (rock.between(mottle) * slow)[..., None] * hue
        return np.asarray(face + (rock.between(grain) * fine)[..., None] * tint, np.float32)

    return draw


def grains(rng: np.random.Generator, size: tuple[int, int], grain_px: float, skew: float) -> Field:
    """(h, w) of deviation 1 and features of `grain_px`; finer than a pixel, the deviation falls as the area mean's."""
    noise = rng.standard_normal(size, dtype=np.float32)
    if grain_px > 1.0:
        sigma = grain_px / 2.4
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float32) * (2 * np.sqrt(np.pi) * sigma)
    if skew:
        noise = noise - skew * (noise * noise - 1)
    return (noise * max(0.12, seen(grain_px))).astype(np.float32)


def sparkle(share: Range, lift: Range) -> Mark:
    """Single bright or dark pixels' worth of crystal faces, pyrite, mica: `share` of the face, `lift` grey levels."""

    def draw(rock: Rock, face: Face) -> Face:
        there = (rock.rng.random(rock.size, dtype=np.float32) < rock.between(share)).astype(np.float32)
        soft = np.asarray(cv2.GaussianBlur(there, (3, 3), 0), np.float32) * 2.5
        return np.asarray(face + (rock.between(lift) * np.minimum(soft, 1.0))[..., None], np.float32)

    return draw


def stain(colour: RGB, *, cover: Range, sharp: Range, size_mm: Range = (8, 40)) -> Mark:
    """Patches of another colour: oil, iron, reduction, with edges from diffuse (2) to sharp (12)."""

    def draw(rock: Rock, face: Face) -> Face:
        rng = rock.rng
        field = fractal(rng, *rock.size, beta=3.0, stretch=(1.0, 1.6), finest_px=max(2.0, rock.mm(size_mm) / 4))
        edge = float(np.quantile(field[::4, ::4], 1 - rock.between(cover)))
        alpha = 1 / (1 + np.exp(np.clip(-rock.between(sharp) * (field - edge), -30, 30)))
        other = np.asarray(colour, np.float32) + rng.normal(0, 12) + rng.normal(0, 4, 3).astype(np.float32)
        return np.asarray(face + alpha[..., None] * (other - rock.colour), np.float32)

    return draw
