"""Anhydrite: pale nodules with dark seams between them, packed, afloat or crumpled into bands."""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import laminae, streaks
from rockseg_training.synthetic.marks.blobs import Shape, spots
from rockseg_training.synthetic.marks.cells import cells
from rockseg_training.synthetic.marks.fabric import fabric, sparkle
from rockseg_training.synthetic.rock import Mark, Range

NODULES = Shape(flat=(0.5, 0.95), turn=0.3, rough=0.07, spread=0.5)
LATHS = Shape(flat=(0.12, 0.3), turn=1.5, rough=0.05, spread=0.5, corners=6)


def _felt(mottle: Range = (2, 6)) -> Mark:
    return fabric(mottle=mottle, beta=(1.8, 2.8), grain_mm=(0.1, 0.3), grain=(2, 5))


FAMILIES: Final = (
    Family(
        "anhydrite/chicken-wire",
        ((216, 220, 224), (190, 198, 208), (230, 228, 224), (204, 196, 188)),
        (_felt(), cells((4, 12), (-120, -60), thick=(0.7, 1.6), broken=0.4)),
    ),
    Family(
        "anhydrite/nodules afloat in mud",
        ((122, 112, 98), (96, 96, 96), (142, 124, 104), (112, 84, 70)),
        (
            _felt(),
            cells((4, 10), (-45, -20), broken=0.6),
            spots((2.5, 8), (0.5, 0.9), (-6, 10), shape=NODULES, colour=(214, 216, 216), soft=0.1),
        ),
    ),
    Family(
        "anhydrite/enterolithic",
        ((206, 208, 210), (188, 184, 178), (222, 222, 220), (174, 182, 192)),
        (
            _felt(),
            laminae((5, 12), (5, 12), wave_mm=(3, 8)),
            cells((4, 10), (-70, -40), thick=(0.6, 1.2), flat=(0.4, 0.7), broken=0.7),
            streaks((6, 14), (0.8, 2.2), (-105, -55), ragged=0.4),
        ),
    ),
    Family(
        "anhydrite/laminated with dark partings",
        ((196, 202, 210), (214, 214, 212), (176, 186, 198), (200, 192, 184)),
        (
            _felt((1.5, 4)),
            streaks((6, 14), (0.4, 1.2), (-95, -50), ragged=0.5),
            cells((4, 10), (-80, -45), thick=(0.6, 1.2), flat=(0.35, 0.6), broken=0.5),
        ),
    ),
    Family(
        "anhydrite/massive felted with seams",
        ((184, 192, 202), (168, 178, 190), (210, 210, 208), (150, 158, 168)),
        (
            _felt((3, 7)),
            spots((1, 4), (0.1, 0.3), (8, 26), shape=LATHS),
            cells((7, 16), (-100, -55), thick=(0.6, 1.3), broken=0.5),
            sparkle((0.002, 0.01), (15, 40)),
        ),
    ),
    Family(
        "anhydrite/bedded mosaic",
        ((208, 206, 200), (186, 190, 196), (226, 226, 224), (196, 180, 166)),
        (
            _felt(),
            cells((4, 10), (-100, -50), flat=(0.3, 0.5), thick=(0.6, 1.3), broken=0.4),
            streaks((20, 60), (0.8, 2.5), (-100, -55), ragged=0.3),
        ),
    ),
    Family(
        "anhydrite/red-stained nodular",
        ((206, 180, 168), (190, 158, 142), (216, 200, 190), (178, 150, 138)),
        (_felt(), cells((5, 14), (0, 0), thick=(0.9, 2.0), broken=0.4, colour=(128, 70, 52))),
    ),
)
