"""What a drawn mask says: the reference's classes, by name, in its index order."""

from typing import Final

NAMES: Final = (
    "background",
    "sandstone",
    "siltstone",
    "mudstone",
    "dolomite",
    "limestone",
    "anhydrite",
    "interlayered sandstones and mudstones",
    "interlayered siltstones and mudstones",
    "conglomerate",
    "crust",
    "marl rock",
)
INDEX: Final = {name: index for index, name in enumerate(NAMES)}
UNLABELLED: Final = 255  # padding: nobody knows
