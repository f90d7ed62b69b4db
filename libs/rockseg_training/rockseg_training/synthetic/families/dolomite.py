"""Dolomite: sugary crystals, and holes: vugs, moulds of what was dissolved, fractures lined with white crystals."""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import laminae
from rockseg_training.synthetic.marks.blobs import Shape, holes
from rockseg_training.synthetic.marks.cells import cells, worms
from rockseg_training.synthetic.marks.fabric import fabric, sparkle, stain
from rockseg_training.synthetic.marks.lines import veins
from rockseg_training.synthetic.rock import Mark, Range, sometimes

HOLES = Shape(flat=(0.4, 1.0), turn=1.2, rough=0.1, jagged=0.2, spread=0.6)
MOULDS = Shape(flat=(0.15, 0.4), turn=0.5, rough=0.1, spread=0.35)


def _sugar(mottle: Range = (3, 8)) -> Mark:
    return fabric(mottle=mottle, beta=(1.0, 1.8), grain_mm=(0.3, 0.8), grain=(7, 12), skew=-0.15)


def _vugs(size_mm: Range = (0.9, 2.8), cover: Range = (0.025, 0.06)) -> Mark:
    return holes(size_mm, cover, (-120, -65), shape=HOLES, lit=85.0)


FAMILIES: Final = (
    Family(
        "dolomite/sucrosic vuggy",
        ((184, 168, 140), (160, 146, 122), (172, 152, 120), (142, 134, 122)),
        (_sugar(), _vugs(cover=(0.03, 0.08)), sparkle((0.002, 0.01), (20, 45))),
    ),
    Family(
        "dolomite/mouldic",
        ((196, 184, 160), (168, 162, 148), (150, 140, 120), (206, 198, 180)),
        (_sugar((2, 6)), holes((1, 3), (0.04, 0.1), (-95, -50), shape=MOULDS, lit=70.0), _vugs((0.9, 2), (0.01, 0.03))),
    ),
    Family(
        "dolomite/microbial laminated",
        ((178, 160, 130), (146, 136, 118), (120, 112, 102), (200, 190, 168)),
        (
            _sugar((2, 5)),
            laminae((1.5, 5), (6, 13), sharp=0.3, wave_mm=(0.8, 3)),
            holes((0.9, 2.2), (0.03, 0.06), (-95, -50), shape=MOULDS, lit=70.0),
        ),
    ),
    Family(
        "dolomite/burrow-mottled",
        ((150, 140, 124), (128, 122, 114), (170, 158, 138), (110, 106, 102)),
        (_sugar(), worms((2, 5), (0.25, 0.5), (-28, 30), sharp=3.0), _vugs()),
    ),
    Family(
        "dolomite/crackled with white saddle dolomite",
        ((112, 108, 104), (136, 126, 112), (92, 90, 90), (158, 146, 126)),
        (
            _sugar((2, 6)),
            cells((8, 22), (60, 110), thick=(0.9, 2.2), bend=0.12, tones=9, broken=0.7),
            _vugs(),
        ),
    ),
    Family(
        "dolomite/tight grey with pinholes",
        ((132, 132, 130), (154, 152, 146), (104, 104, 104), (176, 172, 164)),
        (
            _sugar((2, 5)),
            _vugs((0.7, 1.3), (0.03, 0.07)),
            sometimes(0.5, laminae((4, 14), (3, 7))),
            sometimes(0.5, veins((0.4, 1.5), (0.3, 1), (45, 80))),
        ),
    ),
    Family(
        "dolomite/iron-stained vuggy",
        ((188, 150, 104), (166, 128, 88), (198, 170, 130), (150, 124, 96)),
        (_sugar(), stain((150, 92, 52), cover=(0.1, 0.4), sharp=(1.5, 4)), _vugs((0.8, 3.5), (0.03, 0.08))),
    ),
)
