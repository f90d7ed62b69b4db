"""`rockseg evaluate` as a person types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rockseg_standalone.home import default_bundle

QUICK = ("--drawn=0", "--no-changes", "--no-baseline", "--device=cpu")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A photo of one hole."""
    folder = tmp_path / "data"
    for part in ("photos", "masks"):
        (folder / part).mkdir(parents=True)
    mask = np.zeros((240, 160), np.uint8)
    mask[10:230, 20:140] = 1
    pixels = np.random.default_rng(0).normal(150, 20, (240, 160, 3)).clip(0, 255).astype(np.uint8)
    cv2.imwrite(str(folder / "photos" / "BH1_1.jpg"), pixels)
    Image.fromarray(mask).save(folder / "masks" / "BH1_1.png")
    return folder


def evaluate(*arguments: object, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "rockseg_standalone", "evaluate", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "140", "OMP_NUM_THREADS": "1"},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_two_bundles_are_measured_side_by_side_and_figures_are_not_overwritten(data: Path, tmp_path: Path) -> None:
    bundle = default_bundle()
    code, said = evaluate(bundle, bundle, data, "-o", "out", *QUICK, folder=tmp_path)
    assert code == 0, said
    for wanted in ("rock IoU", "sandstone: IoU, precision, recall", "Figures and pictures are in out"):
        assert wanted in said
    content = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert len(content["models"]) == 2
    assert content["models"][0]["photos"] == content["models"][1]["photos"]
    assert (tmp_path / "out" / "worst-2.png").exists()

    code, said = evaluate(bundle, data, "-o", "out", *QUICK, folder=tmp_path)
    assert code == 2
    assert "--force" in said


def test_what_is_missing_is_said_in_a_sentence(data: Path, tmp_path: Path) -> None:
    code, said = evaluate(data, "-o", "out", folder=tmp_path)
    assert code == 2
    assert "BUNDLE [BUNDLE2] DATA" in said
    code, said = evaluate(data, data, "-o", "out", folder=tmp_path)
    assert code == 2
    assert "manifest.json" in said
    (data / "masks" / "BH1_1.png").unlink()
    code, said = evaluate(default_bundle(), data, "-o", "out", *QUICK, folder=tmp_path)
    assert code == 2
    assert "BH1_1.jpg" in said
