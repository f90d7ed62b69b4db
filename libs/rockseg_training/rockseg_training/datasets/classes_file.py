"""classes.json: the classes of a site, in the order of their numbers in masks, and what sets of them are called."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from rockseg_core.domain.manifest import RockClass
from rockseg_training.datasets.class_list import ANY_ROCK_VALUE, BACKGROUND, FILE, ClassList, with_fixed
from rockseg_training.datasets.errors import DatasetError, listed
from rockseg_training.labels import FIRST_SET, MOST_CLASSES, ROCK, UNLABELLED, LabelSpace, space_of

# For classes that name no colour: of Okabe and Ito 2008, which the colour-blind tell apart, then lighter ones.
COLOURS: Final = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    (153, 153, 51), (136, 204, 238), (170, 68, 153), (68, 170, 153), (136, 34, 85),
)  # fmt: skip


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    value: int | None = None
    rgb: tuple[int, int, int] | None = None
    group: str = "other"
    code: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    classes: list[_Line | str]
    sets: dict[str, list[str]] = {}
    outside: Literal["background", "unlabelled"] = "background"


def read_class_list(data: Path, base: LabelSpace) -> ClassList:
    """Of DATA/classes.json; without one, the classes of `base` under their indices. Raises DatasetError."""
    file = data / FILE
    if not file.exists():
        numbers = {index: index for index in range(len(base.classes))}
        colours = {index: rock.rgb for index, rock in enumerate(base.classes)}
        return ClassList(base, with_fixed(numbers, base), colours, 0, "the starting bundle")
    try:
        content = msgspec.json.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        raise DatasetError(f"{file} is not as a list of classes should be: {error}.") from error
    lines = [_Line(line) if isinstance(line, str) else line for line in content.classes]
    for line in lines:
        line.name = line.name.strip().lower()
    sets = {name.strip().lower(): [member.strip().lower() for member in among] for name, among in content.sets.items()}
    _check(lines, sets, file)
    numbers = {line.value if line.value is not None else at: at for at, line in enumerate(lines)}
    if len(numbers) < len(lines) or numbers.get(0) != 0 or not all(0 <= number < MOST_CLASSES for number in numbers):
        raise DatasetError(f"{file}: values are numbers from 0 to {MOST_CLASSES - 1}, each once; background is 0.")
    try:
        space = space_of(_rock_classes(lines, base), sets)
    except ValueError as error:
        raise DatasetError(f"{file}: {error}.") from error
    numbers |= {FIRST_SET + at: space.label[name] for at, name in enumerate(sets)}
    colours = {line.value if line.value is not None else at: line.rgb for at, line in enumerate(lines) if line.rgb}
    outside = 0 if content.outside == BACKGROUND else UNLABELLED
    return ClassList(space, with_fixed(numbers, space), colours, outside, str(file))


def _check(lines: Sequence[_Line], sets: Mapping[str, Sequence[str]], file: Path) -> None:
    names = [line.name for line in lines]
    if not names or names[0] != BACKGROUND:
        raise DatasetError(f"{file}: the first class is to be {BACKGROUND!r}, all that is no rock.")
    if len(names) < 2:
        raise DatasetError(f"{file} lists no rock.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DatasetError(f"{file} lists {listed(twice)} twice.")
    if not all(name and name.isprintable() for name in names):
        raise DatasetError(f"{file} has a class without a name, or with one that cannot be printed.")
    if strange := [line.name for line in lines if line.rgb and not all(0 <= value <= 255 for value in line.rgb)]:
        raise DatasetError(f"{file}: the colour of {listed(strange)} is not three numbers from 0 to 255.")
    if ROCK in sets or ROCK in names:
        raise DatasetError(f"{file}: {ROCK!r} always means rock of unknown kind, {ANY_ROCK_VALUE} in a mask.")
    _check_sets(names, sets, file)


def _check_sets(names: Sequence[str], sets: Mapping[str, Sequence[str]], file: Path) -> None:
    for name, members in sets.items():
        if strange := [member for member in members if member not in names[1:]]:
            raise DatasetError(f"{file}: the set {name!r} names {listed(strange)}, which the file lists as no rock.")
        if name in names or len(set(members)) < 2:
            raise DatasetError(f"{file}: the set {name!r} needs a name of its own and two rocks or more.")


def _rock_classes(lines: Sequence[_Line], base: LabelSpace) -> list[RockClass]:
    """What `base` knows keeps colour and group; a new class gets what it lacks."""
    known = {rock.name: rock for rock in base.classes}
    taken = {rock.rgb for rock in base.classes} | {line.rgb for line in lines}
    free = [colour for colour in COLOURS if colour not in taken]
    rocks = []
    for at, line in enumerate(lines):
        colour = line.rgb or (free.pop(0) if free and line.name not in known else (20 + 7 * at % 200, 90, 160))
        code = line.code or "".join(word[0] for word in re.findall(r"\w+", line.name)).upper() or "X"
        rocks.append(known.get(line.name) or RockClass(line.name, colour, line.group, code))
    return rocks
