"""What lets a bundle say when it does not know: fitted after training, and measured on kinds and photos never seen."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.warnings import NOT_CORE, UNLIKE_TRAINING_DATA
from rockseg_model.familiarity import Familiarity
from rockseg_model.tiled_segmenter import TiledSegmenter
from rockseg_training.core_pictures import DRAWN_SOURCE, CorePicture, drawn_pictures, real_pictures
from rockseg_training.datasets.photo import Dataset
from rockseg_training.familiarity_fit import REAL_ALARMS, Views, auroc, fit_familiarity, threshold
from rockseg_training.not_core.kinds import KINDS, draw_not_core

NOT_CORE_EACH: Final = 40  # pictures of each kind
DRAWN: Final = 800  # seeds
PARTS: Final = 24  # of each real photo
# Of all pictures of core kept back, drawn ones among them, which are fuller of other things than real ones: 2 % instead
# of 4 flags 86 instead of 90 % of the harder half of the kinds, and spares real core next to nothing.
ALARMS: Final = {NOT_CORE: 0.04, UNLIKE_TRAINING_DATA: 0.02}
KEPT_BACK: Final = 4  # one group of pictures of core in so many sets the thresholds and is not fitted on

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """What the encoder saw of n pictures: `views` (n, K), and their sources and groups (or kinds), n each."""

    views: Views
    sources: tuple[str, ...]
    groups: tuple[str, ...]

    def where(self, chosen: Bools) -> "Seen":
        at = np.flatnonzero(chosen)
        return Seen(self.views[at], tuple(self.sources[i] for i in at), tuple(self.groups[i] for i in at))

    @property
    def real(self) -> Bools:
        return np.array([source != DRAWN_SOURCE for source in self.sources])


@dataclass(frozen=True)
class Alarms:
    """Shares of pictures of core that are flagged, and of how many, by source."""

    not_core: dict[str, float]
    unlike: dict[str, float]
    pictures: dict[str, int]


@dataclass(frozen=True)
class Half:
    """A head fitted, and its threshold set, without these kinds: how well it tells them from real core never seen."""

    kinds: tuple[str, ...]
    auroc: float
    flagged: float
    alarms: Alarms


@dataclass(frozen=True)
class Honesty:
    """Statistics and thresholds for a bundle, fitted on all kinds; `halves` say what the same fit does on kinds that
    it was not given, `alarms` what the bundle's own thresholds do on core never seen.
    """

    familiarity: Familiarity
    thresholds: dict[str, float]
    threshold_sources: dict[str, str]
    halves: tuple[Half, Half]
    alarms: Alarms


def fit_honesty(
    segmenter: TiledSegmenter,
    seen: Dataset | None,
    unseen: Dataset | None,
    say: Callable[[str], None] = lambda _: None,
    *,
    not_core_each: int = NOT_CORE_EACH,
    drawn: int = DRAWN,
    parts: int = PARTS,
) -> Honesty:
    """For the network of `segmenter`; its own familiarity, if it has one, is not used.

    `seen` are the photos of its training, `unseen` those held out of it: fitted on are only the first, judged only the
    second, with drawn cores of families held out of training. Takes 50 ms a picture on one core.
    """
    say("looking at pictures of no core")
    nothing = _look(
        segmenter, (CorePicture(kind, kind, draw_not_core(kind, n)) for kind in KINDS for n in range(not_core_each))
    )
    say("looking at pictures of core")
    drawn_ones = _look(segmenter, drawn_pictures(drawn, "train"))
    known = _joined(drawn_ones, *([_look(segmenter, real_pictures(seen, parts))] if seen else []))
    others = _look(segmenter, drawn_pictures(drawn // KEPT_BACK, "held_out", first=drawn))
    judged = _joined(others, *([_look(segmenter, real_pictures(unseen, parts))] if unseen else []))
    kept_back = np.array([zlib.crc32(group.encode()) % KEPT_BACK == 0 for group in known.groups])
    fitted, setting = known.where(~kept_back), known.where(kept_back)
    first, second = halves_of(tuple(KINDS))
    familiarity, thresholds = _fit(fitted, setting, nothing)
    return Honesty(
        familiarity,
        thresholds,
        _sources(fitted, setting, nothing),
        (
            _half(fitted, setting, nothing, second, judged),
            _half(fitted, setting, nothing, first, judged),
        ),
        _alarms(familiarity, thresholds, judged),
    )


def halves_of(kinds: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every other one by the hash of its name."""
    ordered = sorted(kinds, key=lambda kind: zlib.crc32(kind.encode()))
    return tuple(ordered[::2]), tuple(ordered[1::2])


def _look(segmenter: TiledSegmenter, pictures: Iterable[CorePicture]) -> Seen:
    views, sources, groups = [], [], []
    for picture in pictures:
        view = segmenter.glimpse(picture.pixels)
        if view is None:
            raise ValueError("this network cannot tell what its encoder sees")
        views.append(view)
        sources.append(picture.source)
        groups.append(picture.group)
    return Seen(np.array(views, np.float32), tuple(sources), tuple(groups))


def _joined(*parts: Seen) -> Seen:
    filled = [part for part in parts if len(part.views)]
    return Seen(
        np.concatenate([part.views for part in filled]),
        sum((part.sources for part in filled), ()),
        sum((part.groups for part in filled), ()),
    )


def _fit(fitted: Seen, setting: Seen, nothing: Seen) -> tuple[Familiarity, dict[str, float]]:
    familiarity = fit_familiarity(fitted.views, nothing.views)
    none = np.array([familiarity.not_core(view) for view in setting.views])
    far = np.array([familiarity.distance(view) for view in setting.views])
    return familiarity, {
        NOT_CORE: round(threshold(none, setting.real, ALARMS[NOT_CORE]), 4),
        UNLIKE_TRAINING_DATA: round(threshold(far, setting.real, ALARMS[UNLIKE_TRAINING_DATA]), 3),
    }


def _half(fitted: Seen, setting: Seen, nothing: Seen, kinds: tuple[str, ...], judged: Seen) -> Half:
    unknown = np.isin(nothing.sources, kinds)
    familiarity, thresholds = _fit(fitted, setting, nothing.where(~unknown))
    real = judged.where(judged.real) if judged.real.any() else judged
    core = np.array([familiarity.not_core(view) for view in real.views])
    none = np.array([familiarity.not_core(view) for view in nothing.where(unknown).views])
    return Half(
        kinds,
        auroc(core, none),
        float((none > thresholds[NOT_CORE]).mean()),
        _alarms(familiarity, thresholds, judged),
    )


def _alarms(familiarity: Familiarity, thresholds: dict[str, float], judged: Seen) -> Alarms:
    found = [familiarity.warnings(view, thresholds) for view in judged.views]
    shares: dict[str, dict[str, float]] = {NOT_CORE: {}, UNLIKE_TRAINING_DATA: {}}
    counts = {source: judged.sources.count(source) for source in sorted(set(judged.sources))}
    for code, by_source in shares.items():
        for source, count in counts.items():
            flagged = sum(code in one for one, of in zip(found, judged.sources, strict=True) if of == source)
            by_source[source] = flagged / count
    return Alarms(shares[NOT_CORE], shares[UNLIKE_TRAINING_DATA], counts)


def _sources(fitted: Seen, setting: Seen, nothing: Seen) -> dict[str, str]:
    core = f"{int((~fitted.real).sum())} drawn pictures of core and {int(fitted.real.sum())} parts of real photos"
    kept = f"{len(setting.views)} such kept back and {REAL_ALARMS:.0%} of the {int(setting.real.sum())} real ones among"
    rules = {code: f"at most {share:.0%} of {kept} them are above it" for code, share in ALARMS.items()}
    head = f"logistic head on {core} against {len(nothing.views)} drawn pictures of {len(KINDS)} kinds"
    return {
        NOT_CORE: f"{head}; {rules[NOT_CORE]}",
        UNLIKE_TRAINING_DATA: f"Mahalanobis distance from {core}; {rules[UNLIKE_TRAINING_DATA]}",
    }
