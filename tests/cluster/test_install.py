"""(2) Four values are enough for a photo to come back."""

import io
import time
from pathlib import Path

from PIL import Image
from tests.cluster.release import CHART, Platform
from tests.faults.clients import client_of
from tests.real.s3_server import S3Server

import rockseg_standalone

PHOTO = Path(rockseg_standalone.__file__).with_name("data") / "demo-core.jpg"
READY_SECONDS = 180


async def test_four_values_are_enough_for_a_photo_to_come_back(platform: Platform) -> None:
    with platform.namespace("rockseg") as release:
        server: S3Server = platform.minio.server
        brokers = platform.brokers.replace(",", r"\,")  # a comma is Helm's own in --set
        began = time.monotonic()
        notes = release.helm(
            "install", "rockseg", CHART, "--wait", f"--timeout={READY_SECONDS}s",
            f"--set=kafka.brokers={brokers}", f"--set=s3.endpoint={server.endpoint}",
            "--set=existingSecret=rockseg", "--set=ingress.host=cores.example.org",
        )  # fmt: skip
        ready = time.monotonic() - began
        async with client_of([release.url], release.key) as client:
            submitted = time.monotonic()
            job_id = await client.submit(PHOTO.read_bytes())
            overlay = await client.overlay(job_id)
            back = time.monotonic() - submitted
        print(f"\nready after {ready:.0f} s, the photo was back after {back:.1f} s")  # noqa: T201

    with Image.open(PHOTO) as photo, Image.open(io.BytesIO(overlay)) as picture:
        assert picture.format == "PNG"
        assert picture.height == photo.height
    assert "rollout status deployment/rockseg-api" in notes
