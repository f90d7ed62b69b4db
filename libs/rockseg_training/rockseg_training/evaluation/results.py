"""All that is known of one model at the end of an evaluation, as JSON and as lines of a table."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rockseg_training.evaluate import Tally
from rockseg_training.evaluation.drawn_cores import DrawnJudgement
from rockseg_training.evaluation.judge import Judgement, source_of
from rockseg_training.evaluation.row_answers import RowAnswer, balanced_accuracy, threshold_accuracy
from rockseg_training.evaluation.scores import mean_iou, rounded, scores
from rockseg_training.evaluation.sureness import Sureness


@dataclass(frozen=True)
class Results:
    """Of one model; `training_rows` are those that a brightness threshold may be fitted on.

    Without any, it is fitted on the other photos that are judged, which does it a favour.
    """

    name: str
    photos: Judgement | None = None
    drawn: DrawnJudgement | None = None
    photo_baseline: dict[str, Tally] = field(default_factory=dict)
    drawn_baseline: Tally | None = None
    training_rows: dict[tuple[str, str], list[RowAnswer]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Shares and IoUs from 0 to 1, rounded; None is what there is no figure of."""
        content: dict[str, Any] = {"model": self.name}
        if self.photos is not None:
            content["photos"] = {**_judged(self.photos), "rows": self._rows(self.photos)}
        if self.photo_baseline:
            together = _sum(self.photo_baseline)
            content["photos_colour_baseline"] = scores(together)
        if self.drawn is not None:
            content["drawn"] = {**scores(self.drawn.tally), **_sureness(self.drawn.sureness)}
        if self.drawn_baseline is not None:
            content["drawn_colour_baseline"] = scores(self.drawn_baseline)
        return content

    def _rows(self, judgement: Judgement) -> list[dict[str, Any]]:
        found = []
        for pair, answered in judgement.rows.items():
            if any(row.truth in pair for row in answered):
                found.append({
                    "of": list(pair),
                    "rows": sum(row.truth in pair for row in answered),
                    "balanced_accuracy": rounded(balanced_accuracy(answered, pair)),
                    "brightness_threshold": rounded(self._threshold(answered, pair)),
                    "measured": [
                        [row.photo, row.caco3, *(round(share, 3) for share in row.shares)]
                        for row in answered
                        if row.caco3 is not None
                    ],
                })  # fmt: skip
        return found

    def _threshold(self, answered: list[RowAnswer], pair: tuple[str, str]) -> float:
        training = self.training_rows.get(pair, [])
        if any(row.truth == pair[0] for row in training) and any(row.truth == pair[1] for row in training):
            return threshold_accuracy(answered, training, pair)
        photos = sorted({row.photo for row in answered})
        parts = [
            threshold_accuracy(
                [row for row in answered if row.photo == photo],
                [row for row in answered if row.photo != photo],
                pair,
            )
            for photo in photos
        ]
        known = [part for part in parts if not np.isnan(part)]
        return float(np.mean(known)) if known else float("nan")


def _judged(judgement: Judgement) -> dict[str, Any]:
    true_to_said, said_to_true = judgement.contacts.medians()
    changes = defaultdict(list)
    for kept in judgement.steadiness.values():
        for change, share in kept.items():
            changes[change].append(share)
    sources = {source_of(name) for name in judgement.photos}
    return {
        "names": list(judgement.space.names),
        **scores(judgement.together),
        "confusion": judgement.together.confusion.tolist(),
        "rock_confusion": judgement.together.rock.tolist(),
        **_sureness(judgement.all_sureness),
        "sources": {
            source: {
                **_rock(_sum({name: tally for name, tally in judgement.photos.items() if source_of(name) == source})),
                "calibration_error": rounded(judgement.sureness[source].calibration_error()),
            }
            for source in sorted(sources)
        },
        "by_photo": {name: _of_photo(judgement, name) for name in judgement.photos},
        "called_rock": {
            thing: {"share": rounded(called / there) if there else None, "pixels": there}
            for thing, (called, there) in judgement.called_rock.items()
        },
        "contacts": {
            "true": len(judgement.contacts.of_true),
            "said": len(judgement.contacts.of_said),
            "median_error_core_widths": rounded(true_to_said),
            "median_error_of_said_core_widths": rounded(said_to_true),
            "found_within_0.15_core_widths": rounded(judgement.contacts.found_share()),
        },
        "steadiness": {
            change: {"mean": rounded(float(np.mean(shares))), "least": rounded(min(shares)), "photos": len(shares)}
            for change, shares in changes.items()
        },
    }


def _of_photo(judgement: Judgement, name: str) -> dict[str, Any]:
    tally = judgement.photos[name]
    return {
        **_rock(tally),
        "mean_iou": rounded(mean_iou(tally)),
        "possible_kind": rounded(tally.kind_share()) if tally.rocks else None,
        "warnings": list(judgement.warnings.get(name, ())),
    }


def _rock(tally: Tally) -> dict[str, float | None]:
    rock, background = tally.rock_iou()
    return {"rock_iou": rounded(rock), "background_iou": rounded(background)}


def _sureness(sureness: Sureness) -> dict[str, Any]:
    coverage, risk = sureness.risk_coverage()
    shown: list[int] = np.unique(np.linspace(0, len(coverage) - 1, 30).astype(int)).tolist() if len(coverage) else []
    return {
        "calibration_error": rounded(sureness.calibration_error()),
        "risk_coverage_area": rounded(sureness.risk_area()),
        "reliability": [[round(part.said, 4), round(part.right, 4)] for part in sureness.bins()],
        "risk_coverage": [[round(float(coverage[at]), 4), round(float(risk[at]), 4)] for at in shown],
    }


def _sum(tallies: dict[str, Tally]) -> Tally:
    parts = list(tallies.values())
    total = Tally(parts[0].space)
    for part in parts:
        total.confusion += part.confusion
        total.rock += part.rock
        total.possible += part.possible
        total.rocks += part.rocks
    return total
