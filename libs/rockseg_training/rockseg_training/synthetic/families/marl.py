"""Marl: fine-grained, and lime comes and goes in it: soft pale and dark bands, burrows filled from the bed above.

Its grain and fine laminae are as strong as in photos of laminated marl, which has more fine contrast than the limestone
that it lies with (median |G(1) - G(2)| at 160 px a core: 2.6 grey levels against 1.8, mudstone 0.5 to 1.2). But
limestone may be as finely laminated: what tells marl is that it is darker, by the clay and the organic matter in place
of lime. By box, rows of marl are of 76 to 99 grey levels on average, rows of limestone of 127 to 161.
"""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import laminae, rhythm, streaks
from rockseg_training.synthetic.marks.blobs import Shape, spots
from rockseg_training.synthetic.marks.fabric import fabric
from rockseg_training.synthetic.marks.lines import shells
from rockseg_training.synthetic.rock import Mark, Range, sometimes

BURROWS = Shape(flat=(0.25, 0.6), turn=0.25, rough=0.12, spread=0.5)
TWIGS = Shape(flat=(0.15, 0.3), turn=0.9, rough=0.05, spread=0.3, corners=8)
PODS = Shape(flat=(0.25, 0.5), turn=0.12, rough=0.08, spread=0.4)


def _marly(mottle: Range = (2, 5.5), flat: Range = (2, 8)) -> Mark:
    ground = fabric(mottle=mottle, beta=(1.2, 2.4), flat=flat, grain_mm=(0.05, 0.2), grain=(28, 70))
    fine = sometimes(0.7, laminae((0.8, 3), (5, 12)))
    return lambda rock, face: fine(rock, ground(rock, face))


def _lime_comes_and_goes(contrast: Range = (9, 18)) -> Mark:
    return rhythm((12, 40), contrast)


FAMILIES: Final = (
    Family(
        "marl rock/limestone-marl rhythmite",
        ((114, 118, 112), (94, 98, 96), (134, 134, 128), (104, 108, 96)),
        (_marly(), _lime_comes_and_goes((12, 24)), spots((1, 3), (0.02, 0.1), (-20, -9), shape=BURROWS, soft=0.3)),
    ),
    Family(
        "marl rock/chalky with twig burrows",
        ((206, 206, 198), (190, 192, 186), (176, 180, 172), (212, 206, 192)),
        (
            _marly(),
            _lime_comes_and_goes(),
            spots((0.7, 1.8), (0.04, 0.12), (-40, -18), shape=TWIGS),
            sometimes(0.6, spots((2, 5), (0.03, 0.1), (-24, -10), shape=BURROWS, soft=0.3)),
        ),
    ),
    Family(
        "marl rock/laminated with pale lenses",
        ((76, 78, 80), (92, 94, 96), (62, 64, 66), (106, 108, 110)),
        (
            _marly((1.5, 4), (5, 14)),
            laminae((1.2, 4), (4, 9), sharp=0.4),
            _lime_comes_and_goes((8, 15)),
            streaks((3.5, 11), (0.4, 1.1), (40, 95), ragged=1.5),
        ),
    ),
    Family(
        "marl rock/burrow-mottled",
        ((108, 110, 104), (88, 92, 90), (122, 120, 110), (98, 104, 98)),
        (
            _marly(),
            _lime_comes_and_goes(),
            spots((2, 6), (0.1, 0.25), (-26, -10), shape=BURROWS, soft=0.3),
            spots((1, 4), (0.04, 0.15), (10, 26), shape=BURROWS, soft=0.3),
        ),
    ),
    Family(
        "marl rock/with lime pods",
        ((100, 100, 96), (114, 110, 98), (86, 86, 88), (110, 114, 106)),
        (
            _marly(),
            _lime_comes_and_goes(),
            spots((4, 10), (0.08, 0.3), (20, 42), shape=PODS),
            sometimes(0.6, spots((1, 3), (0.02, 0.1), (-22, -9), shape=BURROWS, soft=0.3)),
        ),
    ),
    Family(
        "marl rock/green-grey banded",
        ((96, 104, 94), (114, 122, 110), (80, 88, 80), (126, 130, 116)),
        (
            _marly(),
            _lime_comes_and_goes((10, 20)),
            sometimes(0.7, streaks((8, 25), (0.5, 1.3), (20, 50), ragged=1.2)),
            spots((1, 3.5), (0.02, 0.1), (-20, -9), shape=BURROWS, soft=0.3),
        ),
    ),
    Family(
        "marl rock/shelly",
        ((92, 92, 92), (108, 104, 96), (76, 80, 80), (124, 122, 112)),
        (
            _marly(),
            _lime_comes_and_goes(),
            shells((1.2, 4), (3, 12), (30, 65)),
            spots((1.5, 4), (0.04, 0.14), (-22, -9), shape=BURROWS, soft=0.3),
        ),
    ),
)
