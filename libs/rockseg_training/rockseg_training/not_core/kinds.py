"""Pictures that show no drill core, by kind: what `not_core` learns to tell apart, and is judged on."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.not_core import built, cloth, nature, sheets, things
from rockseg_training.not_core.paint import Picture
from rockseg_training.synthetic.camera import photograph

Draw = Callable[[np.random.Generator, int, int], Picture]

SEED: Final = 30_000_000  # no crop and no evaluation has it
ON_SCREEN: Final = frozenset({"screenshot", "chart", "table", "map"})  # files of these are not photographed
SIDES_PX: Final = (240, 700)

KINDS: Final[Mapping[str, Draw]] = MappingProxyType({
    "sky": nature.sky, "mountains": nature.mountains, "water": nature.water, "foliage": nature.foliage,
    "grass": nature.grass, "trees": nature.trees, "flowers": nature.flowers, "night": nature.night,
    "crystals": nature.crystals, "bricks": built.bricks, "tiles": built.tiles, "facade": built.facade,
    "skyline": built.skyline, "road": built.road, "indoors": built.indoors, "weave": cloth.weave,
    "plaid": cloth.plaid, "knit": cloth.knit, "fur": cloth.fur, "page": sheets.page, "screenshot": sheets.screenshot,
    "chart": sheets.chart, "table": sheets.table, "map": sheets.chart_map, "gradient": sheets.gradient,
    "barcode": sheets.barcode, "face": things.face, "fruit": things.fruit, "coins": things.coins,
    "cables": things.cables, "shelf": things.shelf, "vehicles": things.vehicles,
})  # fmt: skip


def draw_not_core(kind: str, number: int) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 RGB, 240 to 700 px a side; the same kind and number draw the same picture."""
    rng = np.random.default_rng((SEED, *kind.encode(), number))
    height, width = (int(side) for side in np.exp(rng.uniform(np.log(SIDES_PX[0]), np.log(SIDES_PX[1]), 2)))
    picture = np.clip(KINDS[kind](rng, height, width), 0, 255).astype(np.float32)
    if kind in ON_SCREEN and rng.random() < 0.7:
        return picture.astype(np.uint8)
    return photograph(rng, picture)
