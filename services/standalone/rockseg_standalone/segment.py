"""`rockseg segment`: photos without a server, one after the other, through the same imaging and model."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rockseg_api.settings import ApiSettings
from rockseg_core.codec.bundle import encode_report
from rockseg_core.codec.settings import read_settings
from rockseg_core.domain.errors import PhotoRefusedError, UsageError
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.option_bounds import check_options
from rockseg_core.domain.warnings import sentence_of
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.inspect import inspect_photo
from rockseg_core.imaging.mask import encode_confidence, encode_mask
from rockseg_core.imaging.overlay import LegendEntry, render_overlay
from rockseg_core.imaging.report import build_report
from rockseg_core.ports.segmenter import Segmenter
from rockseg_inference.bootstrap import load_segmenter
from rockseg_model.photo import segment
from rockseg_standalone.results import Results, make_folder, planned
from rockseg_standalone.terminal import EXIT_INTERRUPTED, plain

console = plain(stderr=True)


def segment_photos(photos: Sequence[Path], folder: Path, options: JobOptions, model: str, *, force: bool) -> int:
    """0 when every photo was segmented; 1 when one was refused, which is said while the others go on; 130 on Ctrl-C.

    Raises UsageError before any work: for options, for a folder that cannot be written, and for results that would
    overwrite something (without `force`).
    """
    check_options(options)
    limits = read_settings(ApiSettings, os.environ)
    batch = planned(photos, folder, force=force)
    make_folder(folder)
    done: list[Path] = []
    try:
        with console.status("Loading the model"):
            segmenter = load_segmenter(model)
        _segment_all(batch, done, options, limits, segmenter)
    except KeyboardInterrupt:
        finished = f"finished before: {', '.join(map(str, done))}" if done else "none was finished"
        console.print(f"Stopped after {len(done)} of {len(batch)} photos; {finished}.")
        return EXIT_INTERRUPTED
    where = "the current folder" if folder == Path() else folder
    console.print(f"{len(done)} of {len(batch)} photos segmented; the results are in {where}.")
    return 0 if len(done) == len(batch) else 1


def _segment_all(
    batch: Sequence[Results], done: list[Path], options: JobOptions, limits: ApiSettings, segmenter: Segmenter
) -> None:
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Segmenting", total=len(batch))
        for results in batch:
            progress.update(task, description=results.photo.name)
            try:
                _segment_one(results, options, limits, segmenter)
                done.append(results.photo)
            except UsageError as error:
                console.print(f"{results.photo}: {error.sentence}")
            progress.advance(task)


def _segment_one(results: Results, options: JobOptions, limits: ApiSettings, segmenter: Segmenter) -> None:
    body = _read(results.photo, limits.photo_max_bytes)
    inspect_photo(body, max_pixels=limits.photo_max_pixels)
    began = time.perf_counter()
    photo = decode_photo(body, max_pixels=limits.photo_max_pixels)
    decoded = time.perf_counter()
    found = segment(photo, options, segmenter)
    seconds = {"decode": decoded - began, "segment": time.perf_counter() - decoded}
    report = build_report(found, segmenter.manifest, segmenter.ref, seconds)
    legend = [LegendEntry(rock.index, rock.name, rock.rgb) for rock in report.classes]
    contents = {
        "overlay.png": render_overlay(photo, found.mask, legend, options.mask_weight, legend=True),
        "mask.png": encode_mask(found.mask, [rock.rgb for rock in segmenter.manifest.classes]),
        "confidence.png": encode_confidence(found.confidence),
        "report.json": encode_report(report),
    }
    try:
        results.write(contents)
    except OSError as error:
        raise UsageError(f"Its results cannot be written to {results.folder} ({error.strerror}).") from error
    for warning in report.warnings:
        console.print(f"{results.photo}: {sentence_of(warning)}")


def _read(photo: Path, most_bytes: int) -> bytes:
    """No more than `most_bytes`, whatever the file turns out to be."""
    try:
        with photo.open("rb") as file:
            body = file.read(most_bytes + 1)
    except OSError as error:
        raise UsageError(f"It cannot be read ({error.strerror}).") from error
    if len(body) > most_bytes:
        raise PhotoRefusedError(
            "image_too_large",
            f"The file has more than {most_bytes} bytes; send the photo smaller, or set ROCKSEG_PHOTO_MAX_BYTES.",
        )
    return body
