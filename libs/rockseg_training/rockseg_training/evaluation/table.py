"""The figures of one or two models as lines for a reader, beside those of colour alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Figures = Mapping[str, Any]
Value = float | str | None

OVERALL: Final = {
    "mean IoU": ("mean_iou",),
    "rock IoU": ("rock_iou",),
    "background IoU": ("background_iou",),
    "called a kind that it may be": ("possible_kind",),
    "calibration error": ("calibration_error",),
    "risk–coverage area": ("risk_coverage_area",),
}
CONTACTS: Final = {
    "contacts: median error, core widths": ("contacts", "median_error_core_widths"),
    "contacts: found within 0.15 core widths": ("contacts", "found_within_0.15_core_widths"),
}


@dataclass(frozen=True)
class Line:
    """A figure of each model, and that of colour alone where it has one."""

    name: str
    models: tuple[Value, ...]
    colour: Value = None


def lines_of(figures: Sequence[Figures]) -> Iterator[tuple[str, list[Line]]]:
    """Parts of a table, by title: `figures` are `Results.as_json` of models judged on the same photos."""
    for part, title in (("photos", "Photos"), ("drawn", "Drawn cores of families never seen")):
        parts = [one[part] for one in figures if part in one]
        if parts:
            colour = figures[0].get(f"{part}_colour_baseline", {})
            yield title, [*_overall(parts, colour), *_classes(parts, colour)]
    photos = [one["photos"] for one in figures if "photos" in one]
    if photos and (rest := [*_rows(photos), *_named(photos, "called_rock", "share", "{} called rock"), *_kept(photos)]):
        yield "Photos, more", rest


def _overall(parts: Sequence[Figures], colour: Figures) -> Iterator[Line]:
    for name, path in {**OVERALL, **CONTACTS}.items():
        values = tuple(_at(part, path) for part in parts)
        if any(value is not None for value in values):
            yield Line(name, values, _at(colour, path))


def _classes(parts: Sequence[Figures], colour: Figures) -> Iterator[Line]:
    for name in dict.fromkeys(name for part in parts for name in part["classes"]):
        of_models = tuple(_class(part, name) for part in parts)
        yield Line(f"{name}: IoU, precision, recall", of_models, _class(colour, name))


def _class(part: Figures, name: str) -> Value:
    of = part.get("classes", {}).get(name)
    if of is None:
        return None
    return " ".join("–" if of[key] is None else f"{of[key]:.2f}" for key in ("iou", "precision", "recall"))


def _rows(photos: Sequence[Figures]) -> Iterator[Line]:
    """Colour alone is here a threshold of brightness."""
    for place, of in enumerate(photos[0]["rows"]):
        values = tuple(part["rows"][place]["balanced_accuracy"] for part in photos)
        yield Line(f"rows of {' or '.join(of['of'])}: balanced accuracy", values, of["brightness_threshold"])


def _kept(photos: Sequence[Figures]) -> Iterator[Line]:
    return _named(photos, "steadiness", "mean", "{}: pixels that keep their class")


def _named(photos: Sequence[Figures], part: str, key: str, title: str) -> Iterator[Line]:
    for name in photos[0][part]:
        yield Line(title.format(name), tuple(of[part][name][key] for of in photos))


def _at(figures: Figures, path: Sequence[str]) -> Value:
    value: Any = figures
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, float | int) else None
