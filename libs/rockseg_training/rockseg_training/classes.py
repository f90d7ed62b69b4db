"""The reference bundle's classes, in index order: a class's index is its value in a mask."""

from typing import Final

from rockseg_core.domain.manifest import RockClass

CLASSES: Final = (
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
)

INDEX: Final = {rock.name: index for index, rock in enumerate(CLASSES)}
UNLABELLED: Final = 255  # in a mask: nobody knows; costs and counts nothing
