"""The tables of the reference's card, from the JSON of its runs."""

from collections.abc import Iterable, Mapping
from typing import Any

Figures = Mapping[str, Any]


def drawn(figures: Figures) -> str:
    """IoU of each class, and what colour alone reaches."""
    model = figures["models"][0]
    judged, colour = model["drawn"], model.get("drawn_colour_baseline", {})
    known = colour.get("classes", {})
    lines = [
        [name, _share(of["iou"]), _share(of["precision"]), _share(of["recall"]), _share(known.get(name, {}).get("iou"))]
        for name, of in judged["classes"].items()
    ]
    mean = ["**mean**", _share(judged["mean_iou"]), "", "", _share(colour.get("mean_iou"))]
    sure = (
        f"Calibration error over pixels called rock (15 bins of equal mass): {_share(judged['calibration_error'])}; "
        f"area under the risk–coverage curve: {_share(judged['risk_coverage_area'])}."
    )
    return f"{_table(['class', 'IoU', 'precision', 'recall', 'IoU by colour alone'], [*lines, mean])}\n{sure}\n"


def photos(folds: Mapping[str, Figures]) -> str:
    """Rock and background of each photo, and calibration by source."""
    lines = [
        [name, fold, _share(of["rock_iou"]), _share(of["background_iou"]), _share(of["possible_kind"])]
        for fold, judged in _photos(folds)
        for name, of in judged["by_photo"].items()
    ]
    sure = [
        [source, fold, _share(of["calibration_error"])]
        for fold, judged in _photos(folds)
        for source, of in judged["sources"].items()
        if of["calibration_error"] is not None
    ]
    return (
        _table(["photo", "fold", "rock IoU", "background IoU", "kind possible"], lines)
        + "\n"
        + _table(["photos", "fold", "calibration error, rock of known kind"], sure)
    )


def over_folds(folds: Mapping[str, Figures]) -> str:
    """Mean and worst photo of each source, all folds together."""
    found: dict[str, list[Figures]] = {}
    for _, judged in _photos(folds):
        for name, of in judged["by_photo"].items():
            found.setdefault(name.partition("/")[0], []).append(of)
    lines = [
        [source, str(len(photos)), *_mean_and_least(photos, "rock_iou"), *_mean_and_least(photos, "background_iou")]
        for source, photos in found.items()
    ]
    head = ["photos of", "number", "rock IoU, mean", "worst", "background IoU, mean", "worst"]
    return _table(head, lines)


def _mean_and_least(photos: list[Figures], key: str) -> tuple[str, str]:
    known = [of[key] for of in photos if of[key] is not None]
    return (_share(sum(known) / len(known)), _share(min(known))) if known else ("–", "–")


def contacts(folds: Mapping[str, Figures]) -> str:
    """How far off they are."""
    lines = [
        [
            fold,
            str(judged["contacts"]["true"]),
            _share(judged["contacts"]["median_error_core_widths"]),
            _share(judged["contacts"]["found_within_0.15_core_widths"]),
        ]
        for fold, judged in _photos(folds)
        if judged.get("contacts", {}).get("true")
    ]
    return _table(
        ["fold", "contacts", "median error, core widths (1: not found)", "found within 0.15 core widths"], lines
    )


def things(folds: Mapping[str, Figures]) -> str:
    """What is no rock and was called rock."""
    lines = [
        [thing, fold, _share(of["share"])]
        for fold, judged in _photos(folds)
        for thing, of in judged["called_rock"].items()
    ]
    return _table(["no rock", "fold", "share called rock"], lines)


def rows(folds: Mapping[str, Figures]) -> str:
    """Rows of one of two rocks."""
    lines = [
        [
            " or ".join(of["of"]),
            fold,
            str(of["rows"]),
            _share(of["balanced_accuracy"]),
            _share(of["brightness_threshold"]),
        ]
        for fold, judged in _photos(folds)
        for of in judged["rows"]
    ]
    return _table(["rows of", "fold", "rows", "balanced accuracy", "by a brightness threshold"], lines)


def classes(folds: Mapping[str, Figures]) -> str:
    """Classes that rock of the photos left out is known to be."""
    lines = [
        [name, fold, _share(of["iou"]), _share(of["precision"]), _share(of["recall"])]
        for fold, judged in _photos(folds)
        for name, of in judged["classes"].items()
        if of["pixels"]
    ]
    return _table(["class", "fold", "IoU", "precision", "recall"], lines)


def changed(folds: Mapping[str, Figures]) -> str:
    """What stays of a mask when its photo is changed."""
    lines = [
        [change, fold, _share(of["mean"]), _share(of["least"])]
        for fold, judged in _photos(folds)
        for change, of in judged["steadiness"].items()
    ]
    return _table(["change", "fold", "pixels that keep their class, mean", "least"], lines)


def _photos(folds: Mapping[str, Figures]) -> Iterable[tuple[str, Figures]]:
    for fold, figures in folds.items():
        if "photos" in figures["models"][0]:
            yield fold, figures["models"][0]["photos"]


def _table(head: list[str], lines: list[list[str]]) -> str:
    """Markdown; empty without lines."""
    if not lines:
        return ""
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines]) + "\n"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
