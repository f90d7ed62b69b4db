"""API replicas and workers as processes of their own, on real Kafka and real S3."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image
from tests.e2e.deployment import DEADLINE_SECONDS, Deployment, deployed
from tests.real.kafka_topics import fresh_topics
from tests.real.s3_server import S3Server


@pytest.fixture
async def kafka(kafka_bootstrap: str) -> Any:
    return await fresh_topics(kafka_bootstrap, 4)


@pytest.fixture
def deployment(tmp_path: Path, kafka: Any, s3_server: S3Server, s3_bucket: str) -> Iterator[Deployment]:
    with deployed(tmp_path, kafka, s3_server.environ(s3_bucket)) as deployment:
        yield deployment


def test_one_trace_id_ties_a_request_to_the_lines_of_both_services(deployment: Deployment) -> None:
    api, worker = deployment.api(), deployment.worker()
    http, trace_id = deployment.session(), "0af7651916cd43dd8448eb211c80319c"
    traceparent = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    answer = http.post(f"{api.url}/predict", files={"file": png()}, headers=traceparent, timeout=30)
    ended(http, api.url, answer.json()["job_id"])
    other = http.post(f"{api.url}/predict", files={"file": png()}, headers={"traceparent": "nonsense"}, timeout=30)
    ended(http, api.url, other.json()["job_id"])
    assert [service.terminate() for service in (worker, api)] == [0, 0]

    lines = [json.loads(line) for log in (api.log, worker.log) for line in log.read_text().splitlines()]
    told = {line["event"]: line["job_id"] for line in lines if line.get("trace_id") == trace_id and "job_id" in line}
    assert told == dict.fromkeys(("job accepted", "job ended"), answer.json()["job_id"])
    others = {line["trace_id"] for line in lines if line.get("job_id") == other.json()["job_id"]}
    assert len(others) == 1


def png(shade: int = 120) -> bytes:
    body = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), shade, np.uint8)).save(body, "PNG")
    return body.getvalue()


def ended(http: requests.Session, url: str, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        answer = http.get(f"{url}/job/{job_id}", timeout=30)
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        if job["status"] in {"finished", "failed"}:
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.02)


def test_a_photo_goes_through_two_replicas_and_two_workers_and_is_erased(
    deployment: Deployment, s3_server: S3Server, s3_bucket: str
) -> None:
    a, b = deployment.api(), deployment.api()
    workers = [deployment.worker(), deployment.worker()]
    http, rival = deployment.session(), deployment.session("rival")

    submitted = [http.post(f"{a.url}/predict", files={"file": png(shade)}, timeout=30) for shade in range(12)]
    assert {answer.status_code for answer in submitted} == {202}
    job_ids = [answer.json()["job_id"] for answer in submitted]
    for job_id in job_ids:  # at once, on the other replica
        assert http.get(f"{b.url}/job/{job_id}?form=report", timeout=30).status_code == 200
    assert {ended(http, b.url, job_id)["status"] for job_id in job_ids} == {"finished"}
    overlay = http.get(f"{a.url}/job/{job_ids[0]}", params={"form": "png"}, timeout=30)
    assert overlay.headers["content-type"] == "image/png"
    assert rival.get(f"{b.url}/job/{job_ids[0]}", timeout=30).status_code == 404

    for job_id in job_ids:
        assert http.delete(f"{b.url}/job/{job_id}", timeout=30).status_code == 204
        assert http.get(f"{a.url}/job/{job_id}", timeout=30).status_code == 410
    left = [found.object_name for found in s3_server.client().list_objects(s3_bucket, "jobs/", recursive=True)]
    assert left == []
    assert [service.terminate() for service in (*workers, a, b)] == [0, 0, 0, 0]
