import tempfile
import time
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from rockseg_core.domain.errors import RocksegError, UsageError
from rockseg_core.domain.warnings import sentence_of
from rockseg_standalone.client import Client
from rockseg_standalone.home import demo_photo
from rockseg_standalone.process import running_up
from rockseg_standalone.terminal import plain

OUT: Final = Path("out") / "demo"
JOB_SECONDS: Final = 600
FORMS: Final = {"overlay": ("overlay.png", "png"), "mask": ("mask.png", "mask"), "report": ("report.json", "report")}

console = plain()


def run(arguments: list[str]) -> int:
    """Exit code 0 with an overlay, a mask and a report on disk; 1 with a sentence otherwise."""
    photo = Path(arguments[0]) if arguments and arguments[0] else demo_photo()
    if not photo.is_file():
        console.print(f"There is no photo at {photo}.")
        return 1
    began = time.perf_counter()
    try:
        _make_folder()
        console.print("Starting the service; the model takes some seconds to load.")
        with tempfile.TemporaryDirectory(prefix="rockseg-demo-") as folder, running_up(Path(folder)) as (url, service):
            _segment(Client(url, service.api_key), photo, time.perf_counter() - began)
    except RocksegError as error:
        console.print(error.sentence)
        return 1
    except OSError as error:
        console.print(f"{error.filename or OUT} cannot be read or written ({error.strerror}).")
        return 1
    return 0


def _make_folder() -> None:
    try:
        OUT.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {OUT} for the results cannot be made ({error.strerror}).") from error


def _segment(client: Client, photo: Path, start_seconds: float) -> None:
    began = time.perf_counter()
    job_id = client.submit(photo)
    accepted = time.perf_counter()
    report = client.wait(job_id, JOB_SECONDS)
    finished = time.perf_counter()
    overlay = client.fetch(job_id, "png")
    rendered = time.perf_counter()
    files = {}
    for name, (ending, form) in FORMS.items():
        files[name] = OUT / f"{photo.stem}-{ending}"
        files[name].write_bytes(overlay if form == "png" else client.fetch(job_id, form))

    times = Table("step", "seconds", title=f"{photo.name}: {report['width']} × {report['height']} px")
    times.add_row("start the service and load the model", f"{start_seconds:.2f}")
    times.add_row("submit until 202", f"{accepted - began:.3f}")
    times.add_row("202 until finished", f"{finished - accepted:.2f}")
    for stage, seconds in report["seconds"].items():
        times.add_row(f"  of that: {stage}", f"{seconds:.3f}")
    times.add_row("render the overlay", f"{rendered - finished:.2f}")
    console.print(times)
    _say_found(report)
    for name, path in files.items():
        console.print(f"{name:>8}: {path}")


def _say_found(report: dict[str, Any]) -> None:
    found = Table("rock type", "share of the rock", title=f"{report['rock_fraction']:.0%} of the photo is rock")
    for rock in report["classes"]:
        found.add_row(rock["name"], f"{rock['share_of_rock']:.1%}")
    console.print(found)
    for warning in report["warnings"]:
        console.print(f"Note: {sentence_of(warning)}")
