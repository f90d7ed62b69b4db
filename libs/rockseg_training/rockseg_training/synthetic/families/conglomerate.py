"""Conglomerate and breccia: pieces of rock larger than sand, touching or afloat."""

from typing import Final

import numpy as np

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.blobs import Shape
from rockseg_training.synthetic.marks.clasts import Palette, clasts
from rockseg_training.synthetic.marks.fabric import fabric
from rockseg_training.synthetic.rock import RGB, Colour, Mark, Range, Rock

ROUNDED = Shape(flat=(0.55, 1.0), turn=0.5, rough=0.07, corners=14, spread=0.5)
ANGULAR = Shape(flat=(0.45, 1.0), turn=1.2, rough=0.08, jagged=0.3, corners=7, spread=0.6)
CHIPS = Shape(flat=(0.15, 0.4), turn=0.25, rough=0.07, jagged=0.12, corners=10, spread=0.5)
SLABS = Shape(flat=(0.25, 0.45), turn=0.15, rough=0.08, corners=12, spread=0.5)

ANY: Final = ((196, 180, 150), (120, 112, 98), (62, 62, 64), (176, 176, 174), (150, 104, 84), (214, 208, 196),
              (98, 104, 100), (132, 70, 48), (84, 84, 90))  # fmt: skip
QUARTZ: Final = ((226, 222, 214), (204, 198, 188), (188, 180, 172), (214, 196, 184))


def _of(colours: tuple[RGB, ...], kinds: tuple[int, int]) -> Palette:
    def choose(rock: Rock) -> list[Colour]:
        picked = rock.rng.integers(0, len(colours), int(rock.rng.integers(*kinds)))
        return [np.asarray(colours[number], np.float32) + np.float32(rock.rng.normal(0, 14)) for number in picked]

    return choose


def _own(lift: Range) -> Palette:
    """Of the matrix's own hue, lighter or darker."""

    def choose(rock: Rock) -> list[Colour]:
        return [np.asarray(rock.colour + rock.between(lift), np.float32) for _ in range(3)]

    return choose


def _matrix(grain: Range = (9, 16)) -> Mark:
    return fabric(mottle=(2, 6), beta=(0.5, 2.0), grain_mm=(0.4, 1.4), grain=grain, skew=0.1)


FAMILIES: Final = (
    Family(
        "conglomerate/polymict rounded",
        ((150, 132, 112), (128, 120, 112), (110, 112, 108), (172, 160, 142)),
        (_matrix(), clasts(_of(ANY, (3, 7)), ((1.5, 3), (0.3, 0.5)), ((4, 12), (0.5, 0.9)), shape=ROUNDED)),
    ),
    Family(
        "conglomerate/quartz pebbles",
        ((150, 116, 92), (176, 160, 134), (128, 124, 118), (142, 96, 78)),
        (_matrix(), clasts(_of(QUARTZ, (2, 5)), ((1.2, 2.5), (0.15, 0.3)), ((3, 8), (0.3, 0.7)), shape=ROUNDED)),
    ),
    Family(
        "conglomerate/angular breccia",
        ((160, 148, 128), (104, 100, 96), (190, 182, 168), (138, 112, 96)),
        (_matrix((5, 10)), clasts(_own((-70, 45)), ((1.5, 4), (0.3, 0.5)), ((5, 16), (0.5, 0.9)), shape=ANGULAR)),
    ),
    Family(
        "conglomerate/debris flow",
        ((118, 112, 102), (90, 90, 92), (140, 122, 104), (152, 146, 136)),
        (_matrix((4, 9)), clasts(_of(ANY, (3, 7)), ((1, 3), (0.05, 0.15)), ((5, 15), (0.15, 0.4)), shape=ANGULAR)),
    ),
    Family(
        "conglomerate/mud chips in sand",
        ((190, 174, 144), (160, 150, 132), (206, 194, 170), (140, 124, 104)),
        (_matrix(), clasts(_own((-95, -45)), ((1.5, 4), (0.1, 0.2)), ((4, 12), (0.25, 0.5)), shape=CHIPS)),
    ),
    Family(
        "conglomerate/imbricated flat pebbles",
        ((152, 146, 132), (176, 164, 146), (122, 118, 112), (138, 128, 110)),
        (_matrix(), clasts(_of(ANY, (2, 5)), ((1.5, 3), (0.15, 0.3)), ((4, 11), (0.5, 0.9)), shape=SLABS)),
    ),
    Family(
        "conglomerate/granules",
        ((156, 138, 118), (132, 122, 112), (176, 150, 128), (112, 108, 104)),
        (
            _matrix((10, 18)),
            clasts(_of(ANY, (3, 6)), ((1.3, 2.2), (0.4, 0.7)), ((2.5, 4.5), (0.3, 0.6)), shape=ROUNDED),
        ),
    ),
    Family(
        "conglomerate/dark pebbles in pale sand",
        ((178, 172, 160), (196, 188, 172), (160, 156, 150), (186, 166, 140)),
        (_matrix(), clasts(_own((-110, -60)), ((1.5, 3), (0.2, 0.4)), ((4, 12), (0.4, 0.8)), shape=ROUNDED)),
    ),
)
