"""Real textures: crops of one rock each, cut anew, mirrored, re-toned, so that their grain stays and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic.kinds import INDEX
from rockseg_training.synthetic.rock import Face

# Start of a file's name → its class, and pixels a mm as far as its source says (outcrops: guessed).
PREFIXES: Final = {
    "sandstone-slab": ("sandstone", 7.0),
    "sandstone_muddy": ("sandstone", 7.0),
    "sandstone-strip": ("sandstone", 1.35),
    "laminated_sandstone-strip": ("sandstone", 1.35),
    "muddy_sandstone-strip": ("sandstone", 1.35),
    "oilstained_sandstone-strip": ("sandstone", 1.35),
    "mudstone-strip": ("mudstone", 1.35),
    "interlayered_sandstones_and_mudstones-strip": ("interlayered sandstones and mudstones", 1.35),
    "limestone-carbonate": ("limestone", 1.27),
    "marl-carbonate": ("marl rock", 1.27),
    "dolomite-carbonate": ("dolomite", 1.27),
    "limestone-outcrop": ("limestone", 3.0),
    "conglomerate": ("conglomerate", 2.0),
    "crust_laterite": ("crust", 2.0),
}


@dataclass(frozen=True)
class Patch:
    """pixels (h, w, 3) uint8 RGB of one rock, bedding across; `name` is its file's, without the ending."""

    name: str
    pixels: NDArray[np.uint8]
    px_per_mm: float


Textures = Mapping[int, Sequence[Patch]]


def read_textures(folder: Path, *, without: Collection[str] = ()) -> Textures:
    """The textures of a folder by class index, told by their names' beginnings, save the files named in `without`.

    ValueError names a file that is no picture.
    """
    found: dict[int, list[Patch]] = {}
    for file in sorted(folder.glob("*.jpg")):
        kind = next((kind for start, kind in PREFIXES.items() if file.name.startswith(start)), None)
        if kind is None or file.name in without or file.stem in without:
            continue
        body = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if body is None:
            raise ValueError(f"{file} is no picture that can be read")
        pixels = np.ascontiguousarray(body[..., ::-1]).astype(np.uint8)
        found.setdefault(INDEX[kind[0]], []).append(Patch(file.stem, pixels, kind[1]))
    return found


def textured(rng: np.random.Generator, patch: Patch, height: int, width: int, px_per_mm: float) -> Face:
    """(height, width, 3) float32: a window of the patch at the scale asked for, mirrored beyond its rim, re-toned."""
    zoom = min(px_per_mm / patch.px_per_mm * float(np.exp(rng.normal(0, 0.2))), 1.6)
    have_h, have_w = patch.pixels.shape[:2]
    take_h, take_w = (min(have, max(4, round(size / zoom))) for have, size in ((have_h, height), (have_w, width)))
    top, left = (int(rng.integers(0, have - take + 1)) for have, take in ((have_h, take_h), (have_w, take_w)))
    window = patch.pixels[top : top + take_h, left : left + take_w]
    size = min(width, max(2, round(take_w * zoom))), min(height, max(2, round(take_h * zoom)))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    piece = np.asarray(cv2.resize(window, size, interpolation=way), np.float32)
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    if rng.random() < 0.5:
        piece = piece[::-1]
    return retoned(rng, mirrored_to(piece, height, width))


def mirrored_to(piece: Face, height: int, width: int) -> Face:
    rows = np.abs((np.arange(height) + len(piece)) % (2 * len(piece)) - len(piece) + 0.5).astype(int)
    wide = piece.shape[1]
    columns = np.abs((np.arange(width) + wide) % (2 * wide) - wide + 0.5).astype(int)
    return np.asarray(piece[np.minimum(rows, len(piece) - 1)][:, np.minimum(columns, wide - 1)], np.float32)


def retoned(rng: np.random.Generator, face: Face) -> Face:
    mean = face.mean((0, 1))
    gain = float(np.exp(rng.normal(0, 0.22)))
    tone = mean + rng.normal(0, 26) + rng.normal(0, 5, 3)
    if rng.random() < 0.2:
        tone = tone.mean() + 0.3 * (tone - tone.mean())
    return np.asarray((face - mean) * gain + np.clip(tone, 25, 235), np.float32)
