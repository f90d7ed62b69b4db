"""Crust: what weathering left: iron pisoliths, mottles, root tubes, coats of lime."""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import laminae
from rockseg_training.synthetic.marks.blobs import rings
from rockseg_training.synthetic.marks.cells import cells, worms
from rockseg_training.synthetic.marks.fabric import fabric, stain
from rockseg_training.synthetic.marks.lines import roots
from rockseg_training.synthetic.rock import Mark, Range, sometimes


def _earth(mottle: Range = (5, 12), grain: Range = (5, 11)) -> Mark:
    return fabric(mottle=mottle, beta=(1.2, 2.2), grain_mm=(0.3, 1.0), grain=grain)


FAMILIES: Final = (
    Family(
        "crust/pisolithic laterite",
        ((160, 92, 52), (178, 128, 76), (142, 86, 60), (186, 140, 96)),
        (
            _earth(),
            rings((2, 5), (0.3, 0.7), (-85, -45)),
            stain((200, 170, 110), cover=(0.1, 0.3), sharp=(3, 8), size_mm=(4, 16)),
        ),
    ),
    Family(
        "crust/vermiform laterite",
        ((132, 70, 48), (150, 92, 66), (120, 80, 66), (168, 104, 70)),
        (
            _earth(),
            worms((2, 5), (0.2, 0.4), (0, 10), colour=(196, 162, 112), sharp=5.0),
            sometimes(0.5, rings((1.5, 4), (0.05, 0.2), (-75, -40))),
        ),
    ),
    Family(
        "crust/mottled with root tubes",
        ((170, 136, 104), (186, 156, 112), (156, 130, 116), (176, 158, 142)),
        (
            _earth(),
            stain((146, 76, 54), cover=(0.2, 0.5), sharp=(4, 10), size_mm=(5, 22)),
            roots((1.5, 5), (0.6, 2.0), (-50, -20), halo=34.0),
        ),
    ),
    Family(
        "crust/laminar calcrete",
        ((196, 176, 148), (206, 192, 170), (178, 154, 126), (190, 166, 146)),
        (
            _earth((4, 9)),
            laminae((2, 6), (9, 18), sharp=0.5, wave_mm=(2.5, 7)),
            rings((1.5, 4), (0.06, 0.25), (-60, -30)),
            roots((1.5, 4), (0.4, 1.4), (-70, -35), halo=24.0),
        ),
    ),
    Family(
        "crust/nodular calcrete with roots",
        ((158, 108, 80), (172, 132, 100), (142, 112, 88), (132, 96, 78)),
        (
            _earth(),
            stain((186, 152, 122), cover=(0.15, 0.4), sharp=(3, 8), size_mm=(5, 22)),
            rings((3, 9), (0.15, 0.4), (-18, 6), colour=(206, 192, 168)),
            roots((3, 7), (0.5, 1.6), (40, 75)),
        ),
    ),
    Family(
        "crust/brecciated silcrete",
        ((186, 172, 150), (166, 150, 132), (150, 136, 128), (200, 184, 158)),
        (
            _earth((4, 9)),
            stain((158, 98, 62), cover=(0.15, 0.45), sharp=(3, 8), size_mm=(5, 22)),
            cells((4, 12), (-60, -30), thick=(0.8, 1.8), bend=0.1, tones=14, broken=0.6),
            roots((1.5, 4), (0.5, 1.6), (-50, -20), halo=28.0),
        ),
    ),
    Family(
        "crust/ferricrete hardpan",
        ((112, 74, 58), (98, 66, 56), (128, 84, 60), (90, 72, 66)),
        (
            _earth((7, 14)),
            stain((168, 110, 62), cover=(0.1, 0.35), sharp=(3, 8), size_mm=(4, 16)),
            rings((1.8, 4.5), (0.2, 0.5), (-75, -40)),
            worms((2.5, 6), (0.1, 0.22), (0, 10), colour=(170, 118, 62), sharp=4.0),
        ),
    ),
)
