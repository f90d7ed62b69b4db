"""All families, by the index of their class."""

from typing import Final

from rockseg_training.synthetic.families import (
    anhydrite,
    conglomerate,
    crust,
    dolomite,
    interlayered,
    limestone,
    marl,
    mudstone,
    sandstone,
    siltstone,
)
from rockseg_training.synthetic.families.family import Family, Which, split_of

FAMILIES: Final[dict[int, tuple[Family, ...]]] = {
    1: sandstone.FAMILIES,
    2: siltstone.FAMILIES,
    3: mudstone.FAMILIES,
    4: dolomite.FAMILIES,
    5: limestone.FAMILIES,
    6: anhydrite.FAMILIES,
    7: interlayered.SAND_AND_MUD,
    8: interlayered.SILT_AND_MUD,
    9: conglomerate.FAMILIES,
    10: crust.FAMILIES,
    11: marl.FAMILIES,
}
_SPLITS: Final = {
    which: {index: split_of(families, which) for index, families in FAMILIES.items()}
    for which in ("all", "train", "held_out")
}


def families_of(index: int, which: Which) -> tuple[Family, ...]:
    """The families of the class `index` (1–11): all, those to train on, or those held out; never none."""
    return _SPLITS[which][index]
