"""Limestone: shells and coated grains in lime mud, stylolites, white veins, and beds as finely laminated as marl's.

It is lighter than marl by as much as in photos of both, not as light as there: see `marl`.
"""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import laminae, streaks
from rockseg_training.synthetic.marks.blobs import Shape, rings, spots
from rockseg_training.synthetic.marks.cells import cells
from rockseg_training.synthetic.marks.fabric import fabric
from rockseg_training.synthetic.marks.lines import shells, stylolites, veins
from rockseg_training.synthetic.rock import Mark, Range, sometimes

BITS = Shape(flat=(0.2, 0.7), turn=0.5, rough=0.1, spread=0.55)
DISCS = Shape(flat=(0.7, 1.0), turn=1.0, rough=0.05, spread=0.35)


def _lime(mottle: Range = (5, 12), grain: Range = (8, 24), flat: Range = (1, 4)) -> Mark:
    return fabric(mottle=mottle, beta=(1.4, 2.6), flat=flat, grain_mm=(0.1, 0.4), grain=grain)


def _fossils(a_core_square: Range = (12, 28)) -> Mark:
    return shells((1.8, 5.5), a_core_square, (28, 62))


def _seams(a_core_width: Range = (1.2, 2.6)) -> Mark:
    return stylolites(a_core_width, (1, 3.5))


FAMILIES: Final = (
    Family(
        "limestone/micrite with stylolites",
        ((220, 218, 210), (190, 190, 188), (208, 196, 174), (162, 162, 162)),
        (_lime(), _seams((2, 4)), _fossils((9, 18))),
    ),
    Family(
        "limestone/bioclastic wackestone",
        ((190, 184, 170), (152, 150, 144), (212, 206, 190), (128, 128, 128)),
        (
            _lime(),
            _fossils((14, 32)),
            spots((0.6, 2), (0.03, 0.1), (14, 45), shape=BITS),
            _seams(),
        ),
    ),
    Family(
        "limestone/crinoidal grainstone",
        ((206, 194, 172), (172, 164, 152), (186, 162, 146), (222, 216, 204)),
        (
            _lime((5, 12), (16, 32)),
            spots((0.8, 2.2), (0.15, 0.35), (-24, 34), shape=DISCS),
            spots((0.2, 0.5), (0.005, 0.015), (-70, -45), shape=DISCS),
            _fossils(),
            _seams(),
        ),
    ),
    Family(
        "limestone/oolitic and oncoidal",
        ((226, 218, 196), (200, 190, 166), (180, 178, 170), (228, 228, 218)),
        (
            _lime((5, 11), (12, 28)),
            _fossils((9, 18)),
            rings((0.6, 1.6), (0.2, 0.4), (-45, -22)),
            sometimes(0.6, rings((2.5, 6), (0.03, 0.12), (-55, -28))),
            _seams(),
        ),
    ),
    Family(
        "limestone/dark veined",
        ((86, 86, 88), (104, 102, 98), (70, 72, 76), (126, 122, 114)),
        (
            _lime((4, 9)),
            veins((2, 6), (0.3, 1.5), (80, 130)),
            _fossils((9, 18)),
            _seams(),
        ),
    ),
    Family(
        "limestone/nodular",
        ((198, 192, 178), (168, 164, 158), (206, 180, 162), (144, 142, 140)),
        (
            _lime(),
            cells((8, 22), (-62, -28), thick=(1.2, 2.6), flat=(0.45, 0.7), bend=0.3, tones=5, broken=0.5),
            _fossils(),
            _seams(),
        ),
    ),
    Family(
        "limestone/argillaceous banded",
        ((162, 164, 164), (184, 184, 180), (138, 140, 144), (206, 208, 206)),
        (
            _lime((5, 11), (8, 20), (3, 8)),
            laminae((3, 12), (3, 8), sharp=0.2),
            sometimes(0.6, laminae((0.8, 3), (5, 12))),
            streaks((14, 50), (0.4, 1.2), (18, 50), ragged=1.1),
            _fossils(),
            _seams(),
        ),
    ),
    Family(
        "limestone/lime mudstone, faintly bedded",
        ((220, 220, 214), (198, 196, 190), (172, 170, 164), (154, 154, 152)),
        (
            _lime((2, 6), (8, 20), (4, 12)),
            laminae((3, 14), (2, 7), sharp=0.2),
            sometimes(0.5, laminae((0.8, 3), (3, 9))),
            sometimes(0.6, streaks((20, 70), (0.3, 1.0), (20, 55), ragged=1.3)),
            sometimes(0.3, veins((0.5, 2), (0.2, 0.8), (30, 80))),
            _seams((0.6, 1.6)),
        ),
    ),
    Family(
        "limestone/coral framestone",
        ((222, 212, 192), (194, 186, 170), (172, 162, 144), (228, 224, 212)),
        (
            _lime((4, 10)),
            cells((1.6, 3.6), (-55, -25), thick=(0.5, 1.0), flat=(0.6, 1.0), bend=0.1, tones=6, broken=0.8),
            _fossils(),
            _seams(),
        ),
    ),
)
