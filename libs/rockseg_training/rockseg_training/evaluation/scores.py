"""Figures of a tally, as they stand in JSON."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rockseg_training.evaluate import Tally


def rounded(value: float) -> float | None:
    """None for what there is no figure of."""
    return None if np.isnan(value) else round(float(value), 4)


def class_scores(tally: Tally) -> dict[str, dict[str, float | None]]:
    """IoU, precision, recall and true pixels of each class that is there or was said, over pixels of known class."""
    hits = np.diag(tally.confusion).astype(float)
    there, said = tally.confusion.sum(1), tally.confusion.sum(0)
    shares = tally.class_iou()
    return {
        name: {
            "iou": rounded(shares[index]),
            "precision": rounded(hits[index] / said[index]) if said[index] else None,
            "recall": rounded(hits[index] / there[index]) if there[index] else None,
            "pixels": int(there[index]),
        }
        for index, name in enumerate(tally.space.names)
        if there[index] or said[index]
    }


def mean_iou(tally: Tally) -> float:
    """Of the classes that the labels name, background among them; nan where they name no rock."""
    there = tally.confusion.sum(1) > 0
    return float(np.mean(tally.class_iou()[there])) if there[1:].any() else float("nan")


def scores(tally: Tally) -> Mapping[str, Any]:
    """As JSON has them."""
    rock, background = tally.rock_iou()
    return {
        "mean_iou": rounded(mean_iou(tally)),
        "rock_iou": rounded(rock),
        "background_iou": rounded(background),
        "possible_kind": rounded(tally.kind_share()) if tally.rocks else None,
        "classes": class_scores(tally),
    }
