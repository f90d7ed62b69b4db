"""Mudstone: smooth, no grain to be seen; it splits along its bedding, cracks, and keeps faint laminae."""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import laminae, streaks
from rockseg_training.synthetic.marks.blobs import Shape, spots
from rockseg_training.synthetic.marks.fabric import fabric, sparkle
from rockseg_training.synthetic.marks.lines import cracks, veins
from rockseg_training.synthetic.rock import Mark, Range, sometimes

ROUND = Shape(flat=(0.6, 1.0), rough=0.06, spread=0.5)
LENSES = Shape(flat=(0.06, 0.2), turn=0.06, rough=0.08)


def _mud(mottle: Range = (0.8, 2.5), flat: Range = (3, 14)) -> Mark:
    return fabric(mottle=mottle, beta=(2.0, 3.0), flat=flat, grain_mm=(0.02, 0.06), grain=(3, 12))


def _splits(a_core_width: Range = (1.5, 4)) -> Mark:
    """Hairline partings along the bedding: what makes a shale."""
    return cracks(a_core_width, (0.2, 0.7), (-75, -35), steep=False)


FAMILIES: Final = (
    Family(
        "mudstone/fissile black shale",
        ((42, 42, 46), (58, 58, 60), (34, 35, 38), (70, 66, 60)),
        (_mud(), laminae((0.4, 1.5), (1.5, 4)), _splits((4, 9))),
    ),
    Family(
        "mudstone/massive grey claystone",
        ((92, 94, 94), (120, 122, 122), (146, 148, 146), (84, 88, 82)),
        (_mud((0.8, 2), (1, 4)), _splits(), sometimes(0.6, veins((0.2, 0.9), (0.1, 0.4), (-40, -18)))),
    ),
    Family(
        "mudstone/red with reduction spots",
        ((112, 62, 52), (130, 78, 62), (98, 66, 58), (146, 100, 84)),
        (
            _mud((1, 3), (1, 4)),
            spots((1, 5), (0.01, 0.06), (0, 12), shape=ROUND, colour=(150, 158, 138)),
            _splits(),
        ),
    ),
    Family(
        "mudstone/pale bentonitic",
        ((188, 190, 178), (204, 200, 186), (170, 178, 164), (214, 212, 206)),
        (
            _mud((0.8, 2.5), (1, 5)),
            sometimes(0.6, laminae((3, 10), (1.5, 4), sharp=0.1)),
            _splits(),
            sometimes(0.4, cracks((0.5, 2), (0.15, 0.5), (-40, -15))),
        ),
    ),
    Family(
        "mudstone/pyritic laminated",
        ((66, 66, 68), (84, 82, 78), (52, 56, 60), (104, 104, 100)),
        (
            _mud(),
            laminae((0.6, 3), (2, 5)),
            spots((0.4, 1.2), (0.001, 0.006), (0, 20), shape=LENSES, colour=(186, 168, 108)),
            sparkle((0.0005, 0.002), (40, 90)),
            _splits(),
        ),
    ),
    Family(
        "mudstone/with silt streaks",
        ((78, 78, 80), (100, 96, 88), (124, 120, 112), (60, 60, 62)),
        (_mud(), sometimes(0.6, laminae((1, 4), (1.5, 4))), streaks((45, 140), (0.4, 1.5), (22, 60)), _splits()),
    ),
    Family(
        "mudstone/dried and cracked",
        ((122, 102, 88), (140, 126, 108), (108, 88, 78), (160, 148, 130)),
        (_mud((1, 3), (1, 4)), cracks((1, 4), (0.5, 1.6), (22, 55)), _splits((1, 3))),
    ),
    Family(
        "mudstone/green-grey blocky",
        ((120, 128, 116), (98, 108, 100), (142, 148, 136), (156, 166, 158)),
        (_mud((1, 3), (1, 4)), cracks((0.6, 2.5), (0.15, 0.5), (-45, -20)), _splits()),
    ),
)
