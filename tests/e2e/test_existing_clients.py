"""The two snippets that existing users run, unchanged, against `rockseg up`."""

import base64
import io
import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from rockseg_standalone.process import UpProcess

DEADLINE_SECONDS = 120


def test_python_requests_submit_poll_and_decode(up: tuple[str, UpProcess], core_png: Path) -> None:
    url, service = up
    headers = {"api-key": service.api_key}
    with core_png.open("rb") as photo:
        response = requests.post(
            f"{url}/predict", headers=headers, files={"file": photo}, data={"mask_weight": 0.5}, timeout=30
        )
    assert response.status_code == 202
    assert response.json()["status"] == "queued"
    job_id = response.json()["job_id"]

    deadline = time.monotonic() + DEADLINE_SECONDS
    while (job := requests.get(f"{url}/job/{job_id}", headers=headers, timeout=30).json())["status"] != "finished":
        assert job["status"] in {"queued", "started"}
        assert job["result"] is None
        assert time.monotonic() < deadline, job
        time.sleep(0.05)

    assert list(job)[:7] == ["job_id", "status", "created_at", "started_at", "finished_at", "error", "result"]
    assert job["error"] is None
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    overlay = Image.open(io.BytesIO(base64.b64decode(job["result"]["base64"])))
    assert overlay.mode == "RGB"
    assert overlay.height == 420
    assert all(len(rgb) == 3 and name == name.lower() for name, rgb in job["result"]["detected_classes"].items())


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_gets_the_overlay_as_png(up: tuple[str, UpProcess], core_png: Path, tmp_path: Path) -> None:
    url, service = up
    key = f"api-key: {service.api_key}"
    submitted = subprocess.run(
        ["curl", "-sf", "-H", key, "-F", f"file=@{core_png}", f"{url}/predict"], check=True, capture_output=True
    )
    job_id = json.loads(submitted.stdout)["job_id"]
    overlay = tmp_path / "overlay.png"
    deadline = time.monotonic() + DEADLINE_SECONDS
    content_type = ""
    while content_type != "image/png":
        got = subprocess.run(
            ["curl", "-sf", "-H", key, "-w", "%{content_type}", "-o", overlay, f"{url}/job/{job_id}?form=png"],
            check=True,
            capture_output=True,
            text=True,
        )
        content_type = got.stdout
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with Image.open(overlay) as image:
        assert (image.format, image.mode, image.height) == ("PNG", "RGB", 420)


def test_overlay_is_the_formula_over_the_mask_byte_for_byte(up: tuple[str, UpProcess], core_png: Path) -> None:
    url, service = up
    headers = {"api-key": service.api_key}
    with core_png.open("rb") as photo:
        job_id = requests.post(
            f"{url}/predict", headers=headers, files={"file": photo}, data={"mask_weight": "0.3333"}, timeout=30
        ).json()["job_id"]

    def get(form: str, **query: str) -> requests.Response:
        return requests.get(f"{url}/job/{job_id}", headers=headers, params={"form": form, **query}, timeout=30)

    deadline = time.monotonic() + DEADLINE_SECONDS
    while get("mask").headers["content-type"] != "image/png":
        assert time.monotonic() < deadline
        time.sleep(0.05)

    mask = np.asarray(Image.open(io.BytesIO(get("mask").content)))
    listed = requests.get(f"{url}/classes", headers=headers, timeout=30)
    assert listed.status_code == 200, listed.text
    classes = listed.json()
    pixels = np.asarray(Image.open(core_png)).astype(np.float64)
    colours = np.array([rock["rgb"] for rock in classes], dtype=np.float64)[mask]
    for weight, query in ((0.333, {}), (0.8, {"mask_weight": "0.8"})):
        blended = np.rint((1 - weight) * pixels + weight * colours)
        wanted = np.where((mask == 0)[:, :, None], pixels, blended).astype(np.uint8)
        overlay = np.asarray(Image.open(io.BytesIO(get("png", legend="false", **query).content)))
        np.testing.assert_array_equal(overlay, wanted)
        with_legend = np.asarray(Image.open(io.BytesIO(get("png", **query).content)))
        np.testing.assert_array_equal(with_legend[:, : wanted.shape[1]], wanted)
