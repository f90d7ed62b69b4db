"""`rockseg train` as a person types it: from labelled photos to a bundle, killed in the middle or not."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

from rockseg_model.bundle import load_bundle
from rockseg_model.weights import unpack
from rockseg_standalone.home import default_bundle

NAMES = ("background", "sandstone", "mudstone", "tuff")
TONES = np.array([(40, 90, 40), (200, 170, 110), (70, 70, 90), (190, 60, 60)], np.float64)
QUICK = ("--steps=6", "--check-every=3", "--batch=1", "--threads=1", "--device=cpu", "--save-every=0")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three holes of one photo each, a core of three beds, one of them of a rock that the model does not know."""
    folder = tmp_path / "data"
    for part in ("photos", "masks"):
        (folder / part).mkdir(parents=True)
    for hole in range(3):
        mask = np.zeros((240, 160), np.uint8)
        mask[10:230, 20:140] = np.array([1, 2, 3], np.uint8)[np.arange(220) * 3 // 220, None]
        pixels = np.clip(TONES[mask] + np.random.default_rng(hole).normal(0, 10, (240, 160, 3)), 0, 255)
        cv2.imwrite(str(folder / "photos" / f"BH{hole}_1.jpg"), pixels.astype(np.uint8)[..., ::-1])
        Image.fromarray(mask).save(folder / "masks" / f"BH{hole}_1.png")
    (folder / "classes.json").write_text(json.dumps({"classes": NAMES}))
    return folder


def started(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rockseg_standalone", "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", "OMP_NUM_THREADS": "1"},
    )


def train(*arguments: object, folder: Path) -> tuple[int, str]:
    process = started(*arguments, folder=folder)
    said, _ = process.communicate(timeout=240)
    assert "Traceback" not in said, said
    return process.returncode, said


def until(deadline_seconds: float) -> Iterator[None]:
    """Look again and again; fails after the deadline."""
    end = time.monotonic() + deadline_seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.01)
    pytest.fail("it did not come to pass")


@pytest.mark.timeout(600)
def test_killed_in_the_middle_the_same_command_ends_with_the_very_weights_of_an_unkilled_run(
    data: Path, tmp_path: Path
) -> None:
    code, said = train(data, "-o", "whole", *QUICK, folder=tmp_path)
    assert code == 0, said
    for wanted in ("New to the model: tuff.", "held out to validate on", "Step 6: mean IoU", "segment --model whole"):
        assert wanted in said

    process = started(data, "-o", "broken", *QUICK, folder=tmp_path)
    checkpoint = tmp_path / "broken-checkpoints" / "checkpoint.pt"
    for _ in until(120):
        if checkpoint.exists():
            break
    drawers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=60)
    assert drawers
    _, alive = psutil.wait_procs(drawers, timeout=60)
    assert not alive, "a process that draws outlives the one that trains"
    assert not (tmp_path / "broken").exists()
    code, said = train(data, "-o", "broken", *QUICK, folder=tmp_path)
    assert code == 0, said
    assert "Going on from step" in said

    whole, broken = (load_bundle(tmp_path / name) for name in ("whole", "broken"))
    assert whole.weights == broken.weights
    assert [rock.name for rock in whole.manifest.classes][-1] == "tuff"
    assert whole.manifest.classes[:-1] == load_bundle(default_bundle()).manifest.classes
    start = load_bundle(default_bundle())
    assert whole.weights != start.weights
    before, after = unpack(start.weights), unpack(whole.weights)
    norms = [name for name in before if name.endswith(("running_mean", "running_var"))]
    assert norms
    assert all(np.array_equal(before[name], after[name]) for name in norms), "norms of a few crops forget what it knew"
    for wanted in ("# whole 1", "reference", "tuff", "BH", "IoU before"):
        assert wanted in whole.card
    figures = tmp_path / "whole-figures"
    confusion = json.loads((figures / "confusion.json").read_text())
    assert confusion["classes"][-1] == "tuff"
    assert np.array(confusion["pixels"]).sum() == 240 * 160
    for name in ("confusion.png", "worst.png"):
        assert cv2.imread(str(figures / name)) is not None

    code, said = train(data, "-o", "whole", *QUICK, "--seed=2", folder=tmp_path)
    assert code == 2
    assert "of another run" in said
    assert load_bundle(tmp_path / "whole").weights == whole.weights


def test_what_is_wrong_with_the_photos_is_one_sentence(data: Path, tmp_path: Path) -> None:
    (data / "masks" / "BH1_1.png").unlink()
    code, said = train(data, "-o", "site", *QUICK, folder=tmp_path)
    assert code == 2
    assert said.startswith("rockseg: There is no mask")
    assert len(said.strip().splitlines()) == 1


def test_a_bundle_that_is_there_and_a_folder_of_other_things_are_left_alone(data: Path, tmp_path: Path) -> None:
    shutil.copytree(default_bundle(), tmp_path / "mine")
    code, said = train(data, "-o", "mine", *QUICK, folder=tmp_path)
    assert code == 2
    assert "--force" in said
    code, said = train(data, "-o", "data", *QUICK, folder=tmp_path)
    assert code == 2
    assert "other things than a bundle" in said


def test_steps_and_minutes_are_two_ways_to_say_one_thing(data: Path, tmp_path: Path) -> None:
    code, said = train(data, "-o", "site", "--steps=5", "--minutes=1", folder=tmp_path)
    assert code == 2
    assert "give one" in said


def test_its_help_loads_no_torch_and_says_what_a_geologist_needs() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from rockseg_standalone.cli import rockseg; "
        "print(CliRunner().invoke(rockseg, ['train', '--help']).output); sys.exit('torch' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=False, timeout=60, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    for wanted in ("classes.json", "labelme", "holes.csv", "255", "goes on from its last checkpoint"):
        assert wanted in " ".join(shown.stdout.split())
