"""Things that lie about: on the floor, on the box, on the core."""

from typing import Final

import numpy as np

from rockseg_training.synthetic import props
from rockseg_training.synthetic.scene import Scene

# How often each lies about, beside what boxes hold: so often that each kind is seen in 15 crops of 100.
OFTEN: Final = ((props.foam, 0.16), (props.label, 0.28), (props.sheet, 0.08), (props.ruler, 0.34), (props.chart, 0.34))


def scatter(rng: np.random.Generator, scene: Scene, core_width_px: float) -> None:
    """Lay foam, labels, sheets, rulers and charts about, mostly along the rim, where they hide least of the core."""
    height, width = scene.size
    for thing, often in OFTEN:
        if rng.random() > often:
            continue
        long, short = int(core_width_px * rng.uniform(0.6, 2.5)), max(8, int(core_width_px * rng.uniform(0.15, 0.6)))
        size = (long, short) if rng.random() < 0.5 else (short, long)
        if rng.random() < 0.7:  # along the rim
            on_sides = rng.random() < 0.5
            deep = int(-rng.uniform(0, 0.4) * size[1 if on_sides else 0])
            if rng.random() < 0.5:
                deep = (width - size[1] if on_sides else height - size[0]) - deep
            far = int(rng.uniform(-0.1, 0.9) * (height if on_sides else width))
            top, left = (far, deep) if on_sides else (deep, far)
        else:
            top, left = int(rng.uniform(0, 0.9) * height), int(rng.uniform(0, 0.9) * width)
        scene.put(thing(rng, *size), top, left)
