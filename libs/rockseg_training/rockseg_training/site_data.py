"""A site's photos, checked before hours are spent on them: which are learned from and which are held out."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_training.datasets.errors import DatasetError, listed
from rockseg_training.datasets.holes import FILE, NO_HOLE, held_out_holes
from rockseg_training.datasets.photo import Dataset
from rockseg_training.datasets.read import read_dataset
from rockseg_training.labels import UNLABELLED, LabelSpace, joined

HELD_OUT_SHARE: Final = 0.2  # of the photos, by whole holes


@dataclass(frozen=True)
class SiteData:
    """Both datasets are in `space`: the starting bundle's classes, then the site's own."""

    space: LabelSpace
    training: Dataset
    held_out: Dataset
    counts: Mapping[str, NDArray[np.int64]]  # by photo, of each label

    def shown(self, name: str) -> int:
        """How many training photos show the class."""
        label = self.space.label[name]
        return sum(bool(self.counts[entry.name][label]) for entry in self.training.entries)


def read_site(data: Path, base: LabelSpace, wanted: frozenset[str], say: Callable[[str], None]) -> SiteData:
    """Read every label once, and split by hole; `wanted` are holes to hold out, chosen here when there are none.

    Raises DatasetError for whatever could only disappoint after the training.
    """
    own = read_dataset(data, base)
    space = joined(base, own.space)
    photos = own.into(space)
    counts = photos.count()
    _check_labels(base, own.space, space, counts, say)
    by_hole = {
        hole: [counts[entry.name] for entry in photos.of_holes(frozenset({hole})).entries] for hole in photos.holes
    }
    if strange := sorted(wanted - by_hole.keys()):
        raise DatasetError(f"There is no hole {listed(strange)} to hold out; there are {', '.join(photos.holes)}.")
    if wanted and wanted >= by_hole.keys():
        raise DatasetError("All holes are held out: nothing is left to learn from.")
    held = wanted or held_out_holes(by_hole, len(space.classes), HELD_OUT_SHARE)
    training, held_out = photos.of_holes(frozenset(by_hole) - held), photos.of_holes(held)
    site = SiteData(space, training, held_out, counts)
    if untaught := [rock.name for rock in space.classes[len(base.classes) :] if not site.shown(rock.name)]:
        raise DatasetError(f"Only the holes held out show {listed(untaught)}: it could not be learned.")
    say(_split_line(photos, site, held))
    return site


def _check_labels(
    base: LabelSpace,
    own: LabelSpace,
    space: LabelSpace,
    counts: Mapping[str, NDArray[np.int64]],
    say: Callable[[str], None],
) -> None:
    total = np.sum(list(counts.values()), axis=0)
    if not total[1:UNLABELLED].any():
        raise DatasetError("No label shows any rock: all pixels are background or unlabelled.")
    empty = [rock.name for rock in own.classes[1:] if not total[space.label[rock.name]]]
    new = [rock.name for rock in space.classes[len(base.classes) :]]
    if nothing := [name for name in empty if name in new]:
        raise DatasetError(
            f"No pixel is labelled {listed(nothing)}, which the starting bundle does not know either: label some of it "
            "in a photo or two, or take it out of the list of classes."
        )
    if empty and own.classes != base.classes:
        say(f"No pixel is labelled {', '.join(empty)}: the starting bundle knows it, and drawn cores keep it up.")
    for name in new:
        near = difflib.get_close_matches(name, base.names, 1, 0.8)
        say(f"New to the model: {name}." + (f" If {near[0]} is meant, call it so." if near else ""))


def _split_line(photos: Dataset, site: SiteData, held: frozenset[str]) -> str:
    if held:
        return (
            f"{len(site.training.entries)} photos to learn from; {len(site.held_out.entries)} held out to validate on, "
            f"all of {', '.join(sorted(held))}."
        )
    if len(photos.holes) > 1:
        why = "Each hole has a rock that no other shows"
    elif photos.holes == (NO_HOLE,):
        why = f"No photo says which hole it is of (name it HOLE_DEPTH.jpg, or list them in {FILE})"
    else:
        why = f"All photos are of one hole, {photos.holes[0]}"
    return (
        f"{len(photos.entries)} photos to learn from. {why}: there is nothing to validate on, so the training will not "
        "stop early, and its figures are of photos that it has seen."
    )
