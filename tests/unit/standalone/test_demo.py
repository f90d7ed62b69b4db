"""`make demo` on a model without torch."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

DEMO = [sys.executable, "-m", "rockseg_standalone.demo"]
ENVIRONMENT = {**os.environ, "ROCKSEG_MODEL": "null:1ms", "ROCKSEG_METRICS_PORT": "0", "COLUMNS": "120"}


def demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=folder, env=ENVIRONMENT
    )


@pytest.mark.parametrize("name", ["my photo [b] :ok:.jpg", ""])
def test_it_segments_a_photo_of_any_name_or_the_drawn_core(name: str, tmp_path: Path) -> None:
    if name:
        (tmp_path / name).write_bytes(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    shown = demo(name, folder=tmp_path)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    stem = Path(name).stem or "demo-core"
    assert {file.name for file in (tmp_path / "out/demo").iterdir()} == {
        f"{stem}-overlay.png", f"{stem}-mask.png", f"{stem}-report.json",
    }  # fmt: skip
    assert stem in shown.stdout


@pytest.mark.parametrize("taken", ["out", "out/demo"])
def test_a_file_in_place_of_its_folder_is_one_sentence(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("")
    shown = demo(folder=tmp_path)
    assert shown.returncode == 1
    assert "out/demo" in shown.stdout
    assert len(shown.stdout.strip().splitlines()) == 1
    assert not shown.stderr


def test_ctrl_c_is_no_traceback_of_its_own_or_of_the_service(tmp_path: Path) -> None:
    process = subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=ENVIRONMENT,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "Starting" in process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all in front
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Stopped." in said
    assert not errors


def test_make_hands_over_a_name_with_blanks() -> None:
    root = Path(__file__).parents[3]
    shown = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.installed", "demo", "PHOTO=my photo.jpg"],
        capture_output=True, text=True, check=True, cwd=root,
    )  # fmt: skip
    assert shown.stdout.strip().endswith('"$PHOTO"')
