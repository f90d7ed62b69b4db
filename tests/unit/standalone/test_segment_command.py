"""`rockseg segment` as a person types it, on a model without torch."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

MODEL = ("--model", "null:1ms")
RESULTS = {"overlay.png", "mask.png", "confidence.png", "report.json"}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return photo_at(tmp_path / "core.jpg")


def photo_at(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(cv2.imencode(".jpg", np.full((90, 40, 3), 120, np.uint8))[1].tobytes())
    return file


def segment(*arguments: object, folder: Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code and all that was said, of a run in `folder`."""
    ended = subprocess.run(
        [sys.executable, "-m", "rockseg_standalone", "segment", *map(str, arguments), *MODEL],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", **(environment or {})},
    )
    assert "Traceback" not in ended.stdout
    return ended.returncode, ended.stdout


def test_results_go_to_the_folder_and_where_they_are_is_said(photo: Path, tmp_path: Path) -> None:
    code, said = segment(photo, "-o", "a/b", folder=tmp_path)
    assert code == 0, said
    assert {file.name for file in (tmp_path / "a/b").iterdir()} == {f"core-{name}" for name in RESULTS}
    assert "a/b" in said
    code, said = segment(photo.name, folder=tmp_path)
    assert code == 0, said
    assert "the results are in the current folder." in said


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_file_that_is_there_is_replaced_only_by_force(name: str, photo: Path, tmp_path: Path) -> None:
    theirs = tmp_path / f"core-{name}"
    theirs.write_text("hours of labelling")
    code, said = segment(photo.name, folder=tmp_path, environment={"ROCKSEG_MODEL": "/nonexistent"})
    assert code == 2
    assert theirs.name in said
    assert len(said.strip().splitlines()) == 1
    assert theirs.read_text() == "hours of labelling"
    assert {file.name for file in tmp_path.iterdir()} == {"core.jpg", theirs.name}
    assert segment(photo.name, "--force", folder=tmp_path)[0] == 0
    assert theirs.read_bytes() != b"hours of labelling"


def test_a_photo_that_was_given_is_not_overwritten_even_by_force(photo: Path, tmp_path: Path) -> None:
    other = photo_at(tmp_path / "core-overlay.png")
    before = other.read_bytes()
    code, said = segment(photo, other, "-o", tmp_path, "--force", folder=tmp_path)
    assert code == 2
    assert "one of the photos" in said
    assert other.read_bytes() == before


def test_a_photo_given_twice_counts_once_and_two_of_one_name_are_both_named(photo: Path, tmp_path: Path) -> None:
    code, said = segment(photo.name, photo, "-o", "out", folder=tmp_path)
    assert code == 0, said
    assert "1 of 1 photos" in said
    photo_at(tmp_path / "well/core.jpg")
    code, said = segment("core.jpg", "well/core.jpg", "-o", "other", folder=tmp_path)
    assert code == 2
    assert "core.jpg and well/core.jpg" in said
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("output", ["file/x", "file", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_one_sentence_before_the_model_loads(
    output: str, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    code, said = segment(photo, "-o", output, "--model", "/nonexistent", folder=tmp_path)
    assert code == 2
    assert output in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("weight", ["nan", "-0.1", "1.1"])
def test_a_weight_that_makes_no_sense_is_refused(weight: str, photo: Path, tmp_path: Path) -> None:
    code, said = segment(photo, f"--mask-weight={weight}", folder=tmp_path)
    assert code == 2
    assert "mask_weight" in said
    assert {file.name for file in tmp_path.iterdir()} == {"core.jpg"}


@pytest.mark.parametrize("width", ["nan", "0", "7", "1e9"])
def test_a_core_width_out_of_bounds_is_refused_as_the_api_does(width: str, photo: Path, tmp_path: Path) -> None:
    code, said = segment(photo, f"--core-width-px={width}", folder=tmp_path)
    assert code == 2
    assert "core_width_px" in said


def test_brackets_in_a_path_are_printed_as_they_are(tmp_path: Path) -> None:
    photo_at(tmp_path / "well[/b]:ok:" / "c[red].jpg")
    (tmp_path / "well[/b]:ok:" / "no.jpg").write_text("no photo")
    code, said = segment("well[/b]:ok:/c[red].jpg", "well[/b]:ok:/no.jpg", "-o", "out[/i]", folder=tmp_path)
    assert code == 1
    assert "well[/b]:ok:/no.jpg: " in said
    assert "out[/i]" in said
    assert (tmp_path / "out[/i]" / "c[red]-mask.png").exists()
    code, said = segment("well[/b]:ok:/absent.jpg", folder=tmp_path)
    assert code == 2
    assert "well[/b]:ok:/absent.jpg" in said


def test_what_cannot_be_read_or_is_too_long_is_told_while_the_others_go_on(photo: Path, tmp_path: Path) -> None:
    endless = tmp_path / "endless.jpg"
    endless.symlink_to("/dev/zero")
    unreadable = tmp_path / "memory.jpg"
    unreadable.symlink_to("/proc/self/mem")
    limits = {"ROCKSEG_PHOTO_MAX_BYTES": "2000000"}
    code, said = segment(endless, unreadable, photo, "-o", "out", folder=tmp_path, environment=limits)
    assert code == 1
    assert "endless.jpg: The file has more than 2000000 bytes" in said
    assert "memory.jpg: It cannot be read" in said
    assert "1 of 3 photos" in said


def test_the_limit_of_pixels_is_the_services(photo: Path, tmp_path: Path) -> None:
    code, said = segment(photo, folder=tmp_path, environment={"ROCKSEG_PHOTO_MAX_PIXELS": "1000"})
    assert code == 1
    assert "40 × 90 pixels" in said


def test_ctrl_c_says_what_was_finished_and_leaves_nothing_half_done(photo: Path, tmp_path: Path) -> None:
    waits = tmp_path / "waits.jpg"
    os.mkfifo(waits)
    process = subprocess.Popen(
        [sys.executable, "-m", "rockseg_standalone", "segment", photo, waits, "-o", "out", *MODEL],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    timer = threading.Timer(60, process.kill)
    timer.start()
    never_ending = os.open(waits, os.O_WRONLY)  # returns once the second photo is being read
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    timer.cancel()
    os.close(never_ending)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Stopped after 1 of 2 photos" in said
    assert "core.jpg" in said.rpartition("Stopped")[2]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {f"core-{name}" for name in RESULTS}
    assert json.loads((tmp_path / "out" / "core-report.json").read_text())["width"] == 40
