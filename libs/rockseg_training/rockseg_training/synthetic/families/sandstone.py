"""Sandstone: grains that can be seen, in laminae, cross-sets or none."""

from typing import Final

from rockseg_training.synthetic.families.family import Family
from rockseg_training.synthetic.marks.bands import cross_sets, laminae, streaks
from rockseg_training.synthetic.marks.blobs import Shape, spots
from rockseg_training.synthetic.marks.fabric import fabric, sparkle, stain
from rockseg_training.synthetic.rock import sometimes

CHIPS = Shape(flat=(0.2, 0.5), turn=0.3, rough=0.15)
BURROWS = Shape(flat=(0.4, 0.9), turn=0.7, rough=0.15)

FAMILIES: Final = (
    Family(
        "sandstone/massive clean",
        ((196, 180, 150), (210, 203, 188), (176, 170, 158), (150, 152, 146)),
        (
            fabric(mottle=(0.2, 1.2), beta=(0.5, 1.6), grain_mm=(0.15, 0.5), grain=(13, 30), skew=0.18),
            sometimes(0.5, spots((0.8, 3), (0.003, 0.02), (-70, -35), shape=CHIPS)),
        ),
    ),
    Family(
        "sandstone/aeolian cross-sets",
        ((176, 118, 84), (196, 150, 112), (204, 178, 140), (158, 98, 74)),
        (
            fabric(mottle=(0.3, 1.5), beta=(0.8, 1.8), grain_mm=(0.2, 0.5), grain=(12, 26), skew=0.1),
            cross_sets((50, 160), (2.5, 7), (4, 10), slope=(0.3, 0.7)),
        ),
    ),
    Family(
        "sandstone/trough cross-beds with pebbles",
        ((168, 158, 140), (150, 128, 96), (130, 126, 118), (182, 150, 122)),
        (
            fabric(mottle=(0.8, 3), beta=(0.5, 1.6), grain_mm=(0.6, 1.2), grain=(9, 16), skew=0.12),
            cross_sets((18, 60), (2.5, 6), (4, 10)),
            sometimes(0.6, spots((1.2, 3), (0.005, 0.03), (-40, 60), shape=BURROWS, soft=0.3)),
        ),
    ),
    Family(
        "sandstone/parallel laminated",
        ((190, 172, 138), (146, 140, 128), (120, 104, 82), (206, 196, 176)),
        (
            fabric(mottle=(0.3, 1.8), beta=(1.0, 2.0), flat=(2, 8), grain_mm=(0.15, 0.5), grain=(13, 30), skew=0.12),
            laminae((2.5, 7), (3, 8), sharp=0.3),
            sometimes(0.4, laminae((12, 30), (2, 5), sharp=0.2)),
        ),
    ),
    Family(
        "sandstone/oil-stained",
        ((66, 50, 36), (92, 72, 50), (48, 40, 32), (124, 100, 66)),
        (
            fabric(mottle=(0.5, 2), beta=(1.0, 2.2), grain_mm=(0.2, 0.7), grain=(9, 20), skew=-0.1),
            sometimes(0.6, stain((150, 128, 96), cover=(0.08, 0.4), sharp=(2, 6))),
            sometimes(0.5, laminae((4, 12), (3, 8), sharp=0.2)),
            sparkle((0.001, 0.006), (40, 90)),
        ),
    ),
    Family(
        "sandstone/glauconitic green",
        ((118, 124, 96), (96, 108, 84), (140, 146, 120), (84, 92, 76)),
        (
            fabric(mottle=(0.5, 2.5), beta=(0.8, 1.8), grain_mm=(0.2, 0.7), grain=(13, 26), skew=0.3),
            sometimes(0.6, spots((2, 6), (0.02, 0.1), (-24, 28), shape=BURROWS, soft=0.3)),
        ),
    ),
    Family(
        "sandstone/muddy with wisps",
        ((164, 148, 116), (136, 130, 116), (178, 164, 134), (112, 104, 90)),
        (
            fabric(mottle=(1.5, 4.5), beta=(1.6, 2.4), flat=(1, 3), grain_mm=(0.3, 0.8), grain=(11, 20), skew=0.15),
            streaks((30, 90), (0.6, 1.6), (-60, -25), ragged=1.2),
            sometimes(0.6, spots((2, 5), (0.02, 0.1), (-26, 14), shape=BURROWS, soft=0.3)),
        ),
    ),
    Family(
        "sandstone/coarse arkose",
        ((178, 124, 106), (160, 112, 92), (186, 150, 130), (142, 128, 118)),
        (
            fabric(mottle=(1, 3), beta=(0.3, 1.2), grain_mm=(0.8, 1.8), grain=(10, 17), skew=0.05),
            sometimes(0.5, laminae((8, 25), (4, 10), sharp=0.2)),
            sparkle((0.002, 0.01), (25, 60)),
        ),
    ),
)
