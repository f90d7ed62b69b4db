"""`rockseg segment`: photos without a server, one after the other, through the same imaging and model."""

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rockseg_core.codec.bundle import encode_report
from rockseg_core.domain.errors import RocksegError, UsageError
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.warnings import sentence_of
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.inspect import inspect_photo
from rockseg_core.imaging.mask import encode_confidence, encode_mask
from rockseg_core.imaging.overlay import LegendEntry, render_overlay
from rockseg_core.imaging.report import build_report
from rockseg_core.ports.segmenter import Segmenter
from rockseg_inference.bootstrap import load_segmenter
from rockseg_model.photo import segment

MAX_PIXELS = 64_000_000

console = Console(stderr=True, highlight=False)


def segment_photos(
    photos: Sequence[Path], folder: Path, mask_weight: float, core_width_px: float | None, model: str
) -> int:
    """0 when every photo was segmented; 1 when one was refused, which is said while the others go on."""
    options = JobOptions(mask_weight=round(mask_weight, 3), core_width_px=core_width_px)
    _refuse_equal_names(photos)
    with console.status("Loading the model"):
        segmenter = load_segmenter(model)
    folder.mkdir(parents=True, exist_ok=True)
    refused = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Segmenting", total=len(photos))
        for photo in photos:
            progress.update(task, description=photo.name)
            try:
                _segment_one(photo, folder, options, segmenter)
            except UsageError as error:
                refused += 1
                console.print(f"{photo}: {error.sentence}")
            progress.advance(task)
    console.print(f"{len(photos) - refused} of {len(photos)} photos segmented; the results are in {folder}.")
    return 1 if refused else 0


def _segment_one(path: Path, folder: Path, options: JobOptions, segmenter: Segmenter) -> None:
    body = path.read_bytes()
    inspect_photo(body, max_pixels=MAX_PIXELS)
    began = time.perf_counter()
    photo = decode_photo(body, max_pixels=MAX_PIXELS)
    decoded = time.perf_counter()
    found = segment(photo, options, segmenter)
    seconds = {"decode": decoded - began, "segment": time.perf_counter() - decoded}
    classes = segmenter.manifest.classes
    report = build_report(found, segmenter.manifest, segmenter.ref, seconds)
    legend = [LegendEntry(rock.index, rock.name, rock.rgb) for rock in report.classes]
    results = {
        "overlay.png": render_overlay(photo, found.mask, legend, options.mask_weight, legend=True),
        "mask.png": encode_mask(found.mask, [rock.rgb for rock in classes]),
        "confidence.png": encode_confidence(found.confidence),
        "report.json": encode_report(report),
    }
    for name, result in results.items():
        (folder / f"{path.stem}-{name}").write_bytes(result)
    for warning in report.warnings:
        console.print(f"{path}: {sentence_of(warning)}")


def _refuse_equal_names(photos: Sequence[Path]) -> None:
    stems = [photo.stem for photo in photos]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise RocksegError(f"Two photos are named {twice[0]}; their results would overwrite each other.")
