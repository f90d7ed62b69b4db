"""A named way of being a rock."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from rockseg_training.synthetic.rock import RGB, Mark

Which = Literal["all", "train", "held_out"]


@dataclass(frozen=True)
class Family:
    """`name` is "class/way"; `colours` are equally likely; the first of the `marks` is the fabric."""

    name: str
    colours: tuple[RGB, ...]
    marks: tuple[Mark, ...]


def split_of(families: tuple[Family, ...], which: Which) -> tuple[Family, ...]:
    """Of one class's families, those to train on, or the fourth (one at least) whose names hash lowest, or all."""
    if which == "all":
        return families
    by_hash = sorted(families, key=lambda family: hashlib.sha256(family.name.encode()).digest())
    held_out = max(1, round(len(families) / 4))
    return tuple(by_hash[:held_out] if which == "held_out" else by_hash[held_out:])
