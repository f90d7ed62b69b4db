"""Siltstone: a faint, even grain; thin laminae, small ripples, burrows."""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import cross_sets, laminae, streaks
from rockseg_training.synthetic.marks.blobs import Shape, spots
from rockseg_training.synthetic.marks.fabric import fabric, sparkle
from rockseg_training.synthetic.rock import Mark, Range

BURROWS = Shape(flat=(0.35, 0.8), turn=0.5, rough=0.16, spread=0.5)


def _silt(mottle: Range = (2, 5), flat: Range = (2, 7)) -> Mark:
    return fabric(mottle=mottle, beta=(1.6, 2.4), flat=flat, grain_mm=(0.06, 0.12), grain=(14, 28))


def _burrows() -> Mark:
    return spots((1.2, 3), (0.05, 0.14), (-24, -10), shape=BURROWS, soft=0.3)


def _faint_laminae() -> Mark:
    return laminae((1, 3), (3.5, 7), sharp=0.3)


FAMILIES: Final = (
    Family(
        "siltstone/bioturbated",
        ((140, 136, 126), (112, 112, 108), (96, 94, 90), (128, 118, 100)),
        (
            _silt((3, 7), (1.5, 4)),
            _faint_laminae(),
            spots((1.5, 4), (0.1, 0.3), (-22, -9), shape=BURROWS, soft=0.3),
            spots((1, 3), (0.05, 0.2), (7, 20), shape=BURROWS, soft=0.3),
        ),
    ),
    Family(
        "siltstone/parallel laminated",
        ((150, 146, 138), (118, 120, 116), (134, 106, 90), (98, 100, 102)),
        (_silt(), laminae((0.9, 3), (5, 11), sharp=0.4), _burrows()),
    ),
    Family(
        "siltstone/ripple cross-laminated",
        ((162, 156, 142), (134, 128, 116), (120, 104, 88), (146, 140, 134)),
        (_silt(), cross_sets((5, 14), (0.9, 2.2), (6, 12), slope=(0.15, 0.45)), _burrows()),
    ),
    Family(
        "siltstone/red floodplain",
        ((140, 88, 70), (126, 82, 68), (156, 110, 88), (118, 90, 80)),
        (
            _silt((2, 6), (1, 3)),
            _faint_laminae(),
            _burrows(),
            spots((1, 4), (0.01, 0.05), (22, 45), shape=BURROWS, soft=0.3),
        ),
    ),
    Family(
        "siltstone/blocky massive",
        ((132, 130, 124), (108, 106, 98), (158, 150, 136), (90, 92, 90)),
        (
            _silt((2, 5), (1, 3)),
            sparkle((0.001, 0.005), (20, 45)),
            _burrows(),
            _faint_laminae(),
        ),
    ),
    Family(
        "siltstone/convolute",
        ((150, 138, 118), (124, 122, 116), (104, 104, 100), (140, 122, 104)),
        (_silt(), laminae((1.5, 5), (6, 13), sharp=0.4, wave_mm=(2, 7)), _burrows()),
    ),
    Family(
        "siltstone/micaceous with burrowed laminae",
        ((120, 124, 118), (146, 148, 144), (110, 104, 92), (166, 160, 148)),
        (
            _silt(),
            laminae((1.2, 4), (4, 9), sharp=0.3),
            spots((1.2, 3.5), (0.04, 0.14), (-20, -8), shape=BURROWS, soft=0.3),
            sparkle((0.002, 0.008), (15, 35)),
        ),
    ),
    Family(
        "siltstone/sandy with faint streaks",
        ((154, 144, 122), (130, 124, 110), (172, 164, 146), (112, 108, 100)),
        (
            _silt((3, 6), (2, 6)),
            streaks((25, 70), (0.8, 2), (12, 30), ragged=1.2),
            _faint_laminae(),
            _burrows(),
        ),
    ),
)
