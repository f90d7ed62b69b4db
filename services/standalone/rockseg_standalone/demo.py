"""`make demo`: one core photo through the real API, log, worker and model, and where the results lie."""

import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rockseg_core.domain.errors import RocksegError
from rockseg_core.domain.warnings import sentence_of
from rockseg_standalone.client import Client
from rockseg_standalone.home import demo_photo
from rockseg_standalone.process import running_up

OUT = Path("out") / "demo"
JOB_SECONDS = 600

console = Console(highlight=False)


def main(arguments: list[str]) -> int:
    """Exit code 0 with an overlay, a mask and a report on disk; 1 with a sentence otherwise."""
    photo = Path(arguments[0]) if arguments else demo_photo()
    if not photo.is_file():
        console.print(f"There is no photo at {photo}.")
        return 1
    began = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="rockseg-demo-") as folder, running_up(Path(folder)) as (url, service):
            return _run(Client(url, service.api_key), photo, time.perf_counter() - began)
    except RocksegError as error:
        console.print(error.sentence)
        return 1


def _run(client: Client, photo: Path, start_seconds: float) -> int:
    began = time.perf_counter()
    job_id = client.submit(photo)
    accepted = time.perf_counter()
    report = client.wait(job_id, JOB_SECONDS)
    finished = time.perf_counter()
    OUT.mkdir(parents=True, exist_ok=True)
    results = {
        "overlay": OUT / f"{photo.stem}-overlay.png",
        "mask": OUT / f"{photo.stem}-mask.png",
        "report": OUT / f"{photo.stem}-report.json",
    }
    results["overlay"].write_bytes(client.fetch(job_id, "png"))
    rendered = time.perf_counter()
    results["mask"].write_bytes(client.fetch(job_id, "mask"))
    results["report"].write_bytes(client.fetch(job_id, "report"))

    times = Table("step", "seconds", title=f"{photo.name}: {report['width']} × {report['height']} px")
    times.add_row("start the service and load the model", f"{start_seconds:.2f}")
    times.add_row("submit until 202", f"{accepted - began:.3f}")
    times.add_row("202 until finished", f"{finished - accepted:.2f}")
    for stage, seconds in report["seconds"].items():
        times.add_row(f"  of that: {stage}", f"{seconds:.3f}")
    times.add_row("render the overlay", f"{rendered - finished:.2f}")
    console.print(times)

    found = Table("rock type", "share of the rock", title=f"{report['rock_fraction']:.0%} of the photo is rock")
    for rock in report["classes"]:
        found.add_row(rock["name"], f"{rock['share_of_rock']:.1%}")
    console.print(found)
    for warning in report["warnings"]:
        console.print(f"Note: {sentence_of(warning)}")
    for name, path in results.items():
        console.print(f"{name:>8}: {path}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
