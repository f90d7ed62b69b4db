"""`rockseg up` on a device that does not come back: it says so, and the photo cannot stop it for ever."""

from pathlib import Path

import requests

from rockseg_standalone.process import UpProcess

HANGS = ("--model", "null:2s")
LIMITS = {"ROCKSEG_FORWARD_SECONDS": "0.2"}


def test_a_photo_that_hangs_the_device_thrice_fails_and_each_exit_tells_the_true_reason(
    tmp_path: Path, core_png: Path
) -> None:
    job_id = ""
    for _ in range(3):
        service = UpProcess(tmp_path, *HANGS, environment=LIMITS)
        url, client = service.wait_ready(), _client(service)
        if not job_id:
            with core_png.open("rb") as photo:
                job_id = client.post(f"{url}/predict", files={"file": photo}, timeout=30).json()["job_id"]
        said, _ = service.process.communicate(timeout=60)
        assert service.process.returncode == 70
        assert "ROCKSEG_FORWARD_SECONDS" in said
        assert "counts this as a try" in said
        assert "self-test" not in said
    service = UpProcess(tmp_path, *HANGS, environment=LIMITS)
    url, client = service.wait_ready(), _client(service)
    status = "queued"
    while status in {"queued", "started"} and service.process.poll() is None:
        status = client.get(f"{url}/job/{job_id}", timeout=30).json()["status"]
    assert status == "failed"
    assert service.stop() == 0


def _client(service: UpProcess) -> requests.Session:
    session = requests.Session()
    session.headers["api-key"] = service.api_key
    return session
