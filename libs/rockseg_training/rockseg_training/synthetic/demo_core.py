"""`python -m rockseg_training.synthetic.demo_core FILE`: the core that comes along with the demo."""

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.synthetic import props
from rockseg_training.synthetic.column import draw_column
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.scene import Scene, lay_core
from rockseg_training.synthetic.stage import Stage

SEED: Final = 33
SIZE: Final = (2400, 700)
CORE_WIDTH_PX: Final = 262
CORE_MM: Final = 100.0
# Two cores from the top: (class, thickness in core widths).
LEFT: Final = ((3, 1.6), (7, 2.2), (1, 2.4), (9, 1.7), (3, 3.0))
RIGHT: Final = ((5, 1.9), (11, 1.3), (6, 2.1), (5, 1.5), (10, 3.0))
BYTES: Final = 390_000


def draw_demo_core(seed: int = SEED) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pixels (2400, 700, 3) uint8 RGB and mask (2400, 700) uint8 of two cores in a cardboard box."""
    rng = np.random.default_rng(seed)
    card = np.array((176, 132, 80), np.float32)
    height, width = SIZE
    scene = Scene(props.floor(rng, height, width, card * 0.9), np.zeros(SIZE, np.uint8))
    stage = Stage(Painter(), CORE_WIDTH_PX, CORE_MM)
    gap = (width - 2 * CORE_WIDTH_PX) // 3
    for number, beds in enumerate((LEFT, RIGHT)):
        left = gap + number * (CORE_WIDTH_PX + gap)
        lay_core(rng, scene, draw_column(rng, height - 120, CORE_WIDTH_PX, stage, beds=beds), 60, left)
    for left in (0, CORE_WIDTH_PX + gap + gap // 3, width - gap // 2):
        scene.put(props.wall(rng, height, gap // 2, card), 0, left)
    light = np.linspace(1.04, 0.94, height, dtype=np.float32)[:, None, None]
    noise = 2.0 * rng.standard_normal((height, width, 1), dtype=np.float32)
    soft = np.asarray(cv2.GaussianBlur(scene.pixels * light, (0, 0), 0.6), np.float32)
    return np.clip(soft + noise, 0, 255).astype(np.uint8), scene.mask


def main() -> int:
    """Write the JPEG, at the best quality that stays below BYTES."""
    pixels, _ = draw_demo_core(int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
    for quality in range(92, 40, -4):
        _, body = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(body) <= BYTES:
            break
    Path(sys.argv[1]).write_bytes(body.tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
