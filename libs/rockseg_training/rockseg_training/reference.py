"""The reference bundle's label space: the design's classes, and what the sources of real photos leave open."""

from typing import Final

from rockseg_core.domain.manifest import RockClass
from rockseg_training.labels import ROCK, LabelSpace, space_of

MUD_OR_LIME: Final = "mudstone, limestone or marl"
LIME_OR_MARL: Final = "limestone or marl"

REFERENCE: Final[LabelSpace] = space_of(
    (
        RockClass("background", (0, 0, 0), "background", "BG"),
        RockClass("sandstone", (174, 199, 232), "clastic", "SS"),
        RockClass("siltstone", (255, 187, 120), "clastic", "SLT"),
        RockClass("mudstone", (152, 223, 138), "clastic", "MS"),
        RockClass("dolomite", (255, 152, 150), "carbonate", "DOL"),
        RockClass("limestone", (197, 176, 213), "carbonate", "LS"),
        RockClass("anhydrite", (140, 86, 75), "evaporite", "ANH"),
        RockClass("interlayered sandstones and mudstones", (227, 119, 194), "clastic", "SSMS"),
        RockClass("interlayered siltstones and mudstones", (127, 127, 127), "clastic", "SLTMS"),
        RockClass("conglomerate", (188, 189, 34), "clastic", "CGL"),
        RockClass("crust", (23, 190, 207), "other", "CRS"),
        RockClass("marl rock", (158, 218, 229), "carbonate", "MRL"),
    ),
    {
        ROCK: (),
        MUD_OR_LIME: ("mudstone", "limestone", "marl rock"),
        LIME_OR_MARL: ("limestone", "marl rock"),
    },
)
