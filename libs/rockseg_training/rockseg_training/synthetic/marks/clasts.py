"""Pieces of other rocks: pebbles, breccia, mud chips, from large to small."""

from collections.abc import Callable

import numpy as np

from rockseg_training.synthetic.marks.blobs import Shape, fill, outlines
from rockseg_training.synthetic.noise import fractal
from rockseg_training.synthetic.rock import Colour, Face, Mark, Range, Rock

Palette = Callable[[Rock], list[Colour]]


def clasts(palette: Palette, *sizes: tuple[Range, Range], shape: Shape, contrast: Range = (4, 16)) -> Mark:
    """Sizes are (radius in mm, cover) pairs, small ones first, so that the large lie on top, whole."""

    def draw(rock: Rock, face: Face) -> Face:
        rng, kinds = rock.rng, np.stack(palette(rock))
        spread = rock.between(contrast)
        inside = fractal(rng, *rock.size, beta=1.6, finest_px=1.0)[..., None]  # no pebble is of one shade
        for size_mm, cover in sizes:
            size = max(1.0, rock.mm(size_mm))
            points = outlines(rock, shape, size, rock.between(cover))
            tones = kinds[rng.integers(0, len(kinds), len(points))] + spread * rng.standard_normal((len(points), 1))
            face = fill(face, points, tones.astype(np.float32), rim=-14.0 if size > 2.5 else 0.0)
        return np.asarray(face + rng.uniform(1.5, 5) * inside, np.float32)

    return draw
