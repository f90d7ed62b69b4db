"""What is known of a pixel: its class, a set of classes that it may be, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.manifest import RockClass

UNLABELLED: Final = 255  # nobody knows; costs and counts nothing
FIRST_SET: Final = 240
MOST_CLASSES: Final = FIRST_SET
MOST_SETS: Final = UNLABELLED - FIRST_SET
ROCK: Final = "rock"  # the set that every space has: rock of unknown kind

Labels = NDArray[np.uint8]


def of_several_kinds(labels: Labels) -> NDArray[np.bool_]:
    """Where a label is a set."""
    several: NDArray[np.bool_] = (labels >= FIRST_SET) & (labels != UNLABELLED)
    return several


@dataclass(frozen=True)
class LabelSpace:
    """Classes and sets of classes, and the byte that stands for each in an array of labels.

    A label is 0 to n − 1, the index of a class; 240 and up, a set, in the order of `sets`; or 255, nothing known.
    `sets` are class indices by name, none with the background; `rock`, all kinds of rock, is among them. Raises
    ValueError for what breaks this.
    """

    classes: tuple[RockClass, ...]
    sets: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        names = [*(rock.name for rock in self.classes), *self.sets]
        if len(set(names)) < len(names):
            raise ValueError("two classes or sets of one name")
        if not 2 <= len(self.classes) <= MOST_CLASSES or len(self.sets) > MOST_SETS:
            raise ValueError(f"2 to {MOST_CLASSES} classes and at most {MOST_SETS} sets can be told apart in a byte")
        if self.sets.get(ROCK) != tuple(range(1, len(self.classes))):
            raise ValueError("the set `rock` is not all classes but the background")
        if any(not members or not set(members) <= set(self.sets[ROCK]) for members in self.sets.values()):
            raise ValueError("a set is empty or has a member that is no rock")

    @cached_property
    def label(self) -> Mapping[str, int]:
        """The byte of each class and set, by name."""
        classes = {rock.name: index for index, rock in enumerate(self.classes)}
        return classes | {name: FIRST_SET + number for number, name in enumerate(self.sets)}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the classes, in index order."""
        return tuple(rock.name for rock in self.classes)

    def allowed(self) -> NDArray[np.bool_]:
        """(256, classes): row = label, True where a pixel so labelled may be of the class; all False: no label."""
        table = np.zeros((256, len(self.classes)), bool)
        np.fill_diagonal(table, True)
        for name, members in self.sets.items():
            table[self.label[name], list(members)] = True
        table[UNLABELLED] = True
        return table

    def kinds_hidden(self, labels: Labels) -> Labels:
        """The labels with every set widened to all rocks."""
        return np.where(of_several_kinds(labels), self.label[ROCK], labels).astype(np.uint8)


def space_of(classes: Sequence[RockClass], sets: Mapping[str, Sequence[str]] | None = None) -> LabelSpace:
    """A space of classes and named sets of class names; `rock` comes last unless it is among the sets."""
    index = {rock.name: number for number, rock in enumerate(classes)}
    rocks = tuple(range(1, len(classes)))
    members = {
        name: rocks if name == ROCK else tuple(sorted(index[member] for member in among))
        for name, among in (sets or {}).items()
    }
    return LabelSpace(tuple(classes), {**members, ROCK: members.get(ROCK, rocks)})


def joined(base: LabelSpace, own: LabelSpace) -> LabelSpace:
    """The classes of `base`, then what `own` adds; the sets of both. A class is known by its name."""
    added = [rock for rock in own.classes if rock.name not in base.names]
    sets = {
        name: [space.names[index] for index in members]
        for space in (base, own)
        for name, members in space.sets.items()
        if name != ROCK
    }
    return space_of([*base.classes, *added], sets)


def translation(source: LabelSpace, target: LabelSpace) -> Labels:
    """(256,): the label in `target` of each label in `source`; of a rock that `target` has not, `rock`.

    A set that `target` has not under its name is `rock` too. Bytes without a meaning in `source` become unlabelled.
    """
    table = np.full(256, UNLABELLED, np.uint8)
    for name, label in source.label.items():
        table[label] = target.label.get(name, target.label[ROCK])
    table[0] = 0
    return table
