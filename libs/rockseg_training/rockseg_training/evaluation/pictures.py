"""The pictures of an evaluation, in a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from rockseg_training.confusion import draw_confusion
from rockseg_training.evaluation.plots import Series, plot
from rockseg_training.evaluation.results import Results
from rockseg_training.evaluation.row_answers import PAIRS, RowAnswer
from rockseg_training.evaluation.sureness import Sureness
from rockseg_training.worst_photos import draw_sheet

LEAST_RISK_SHOWN: Final = 0.05


def write_pictures(folder: Path, results: Sequence[Results]) -> list[Path]:
    """Confusion matrices and worst photos of each model, and plots of all of them; the files, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, Image.Image] = {}
    for number, result in enumerate(results, 1):
        tail = f"-{number}" if len(results) > 1 else ""
        if result.photos is not None:
            title = f"{result.name}: confusion, pixels of known class"
            drawn[f"confusion{tail}"] = draw_confusion(result.photos.together, title)
            drawn[f"worst{tail}"] = draw_sheet(result.photos.worst, result.photos.space)
        if result.drawn is not None:
            title = f"{result.name}: confusion, drawn cores of families never seen"
            drawn[f"confusion-drawn{tail}"] = draw_confusion(result.drawn.tally, title)
    sure = [(result.name, kept) for result in results if (kept := _sureness(result)).counts.any()]
    if sure:
        drawn["reliability"] = plot(
            "Of pixels called rock that were so sure, so many were right",
            ("confidence", "share right"),
            [Series(f"{name}, ECE {one.calibration_error():.3f}", _reliability(one)) for name, one in sure],
            diagonal=True,
        )
        curves = [
            (name, one, list(zip(*map(np.ndarray.tolist, one.risk_coverage()), strict=True))) for name, one in sure
        ]
        most = max(LEAST_RISK_SHOWN, *(risk for _, _, points in curves for _, risk in points))
        drawn["risk-coverage"] = plot(
            "Of the surest pixels called rock, so many are wrong",
            ("coverage", "risk"),
            [Series(f"{name}, area {one.risk_area():.3f}", points) for name, one, points in curves],
            most=(1.0, most),
        )
    if measured := [(result.name, rows) for result in results if (rows := _measured(result))]:
        drawn["caco3"] = plot(
            "Each measured row of core: how much of it is called limestone",
            ("CaCO3, %", "share"),
            [Series(name, [_share(row) for row in rows], line=False) for name, rows in measured],
            most=(100.0, 1.0),
        )
    files = []
    for name, picture in drawn.items():
        files.append(folder / f"{name}.png")
        picture.save(files[-1])
    return files


def _sureness(result: Results) -> Sureness:
    if result.photos is not None:
        return result.photos.all_sureness
    return result.drawn.sureness if result.drawn is not None else Sureness()


def _reliability(sureness: Sureness) -> list[tuple[float, float]]:
    return [(part.said, part.right) for part in sureness.bins()]


def _measured(result: Results) -> list[RowAnswer]:
    rows = result.photos.rows.get(PAIRS[0], []) if result.photos is not None else []
    return [row for row in rows if row.caco3 is not None]


def _share(row: RowAnswer) -> tuple[float, float]:
    """Of what is called either of the two; what is called neither lies at 0.5 with them all."""
    both = sum(row.shares)
    return row.caco3 or 0.0, row.shares[0] / both if both else 0.5
