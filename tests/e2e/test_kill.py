"""kill -9 of `rockseg up` in the middle of its work: nothing is lost, nothing ends twice."""

import io
import sqlite3
import time
from collections import defaultdict
from pathlib import Path

import msgspec
import requests
from PIL import Image

from rockseg_core.codec.records import decode
from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobEvent
from rockseg_standalone.process import UpProcess

JOBS, KILLS = 20, 10
DEADLINE_SECONDS = 120
UNLIMITED = {"ROCKSEG_SUBMIT_RATE": "1000", "ROCKSEG_SUBMIT_BURST": "1000"}
MODEL = ("--model", "null:150ms")


class Client:
    """Reads every job's status, and holds that one which has ended never changes."""

    def __init__(self, service: UpProcess) -> None:
        self.http = requests.Session()
        self.http.headers["api-key"] = service.api_key
        self.url = ""
        self.ended: dict[str, str] = {}

    def submit(self) -> str:
        answer = self.http.post(f"{self.url}/predict", files={"file": png_bytes()}, timeout=30)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def look(self, job_id: str) -> bool:
        """Whether it has ended."""
        answer = self.http.get(f"{self.url}/job/{job_id}?form=report", timeout=30)
        assert answer.status_code == 200, answer.text
        status = answer.json().get("status", "finished")  # a finished job answers with its report
        assert self.ended.get(job_id, status) == status
        if status in {"finished", "failed"}:
            self.ended[job_id] = status
        return job_id in self.ended

    def wait_for_one_more(self, job_ids: list[str]) -> None:
        """Returns as soon as a job has ended that had not when this was called."""
        waiting = [job_id for job_id in job_ids if not self.look(job_id)]
        assert waiting
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(map(self.look, waiting)):
            assert time.monotonic() < deadline, f"{len(self.ended)} of {len(job_ids)} ended"
            time.sleep(0.01)

    def wait_for_all(self, job_ids: list[str]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        for job_id in job_ids:
            while not self.look(job_id):
                assert time.monotonic() < deadline, f"{len(self.ended)} of {len(job_ids)} ended"
                time.sleep(0.01)
        assert self.ended.keys() == set(job_ids)


def test_ten_kills_in_the_middle_of_twenty_jobs_lose_none(tmp_path: Path) -> None:
    service = UpProcess(tmp_path, *MODEL, environment=UNLIMITED)
    client = Client(service)
    client.url = service.wait_ready()
    job_ids: list[str] = []
    for _ in range(KILLS):
        # As many as ended since the last kill: each hits a service in the middle of twenty jobs.
        job_ids += [client.submit() for _ in range(JOBS - len(job_ids) + sum(map(client.look, job_ids)))]
        client.wait_for_one_more(job_ids)
        service.kill()
        service = UpProcess(tmp_path, *MODEL, environment=UNLIMITED)
        client.url = service.wait_ready()
    client.wait_for_all(job_ids)
    assert service.stop() == 0

    attempts, outcomes = _events(tmp_path / "log.sqlite3")
    failed = [job_id for job_id, status in client.ended.items() if status == "failed"]
    print(f"{len(job_ids)} jobs, {KILLS} kills: {len(failed)} failed, attempts {sorted(map(max, attempts.values()))}")  # noqa: T201
    assert set(outcomes) == set(job_ids)
    assert {job_id: kinds[0] for job_id, kinds in outcomes.items()} == client.ended
    for job_id in failed:
        assert attempts[job_id] >= {1, 2, 3}


def test_sigterm_costs_no_job_an_attempt(tmp_path: Path) -> None:
    service = UpProcess(tmp_path, *MODEL, environment=UNLIMITED)
    client = Client(service)
    client.url = service.wait_ready()
    job_ids: list[str] = []
    for _ in range(3):
        job_ids += [client.submit() for _ in range(JOBS - len(job_ids) + sum(map(client.look, job_ids)))]
        client.wait_for_one_more(job_ids)
        assert service.stop() == 0
        service = UpProcess(tmp_path, *MODEL, environment=UNLIMITED)
        client.url = service.wait_ready()
    client.wait_for_all(job_ids)
    assert service.stop() == 0
    attempts, _outcomes = _events(tmp_path / "log.sqlite3")
    assert set(client.ended.values()) == {"finished"}
    assert {max(counted) for counted in attempts.values()} == {1}


def png_bytes() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 64), (120, 110, 100)).save(body, "PNG")
    return body.getvalue()


def _events(log: Path) -> tuple[dict[str, set[int]], dict[str, list[str]]]:
    """(attempts that started, terminal statuses in the log's order) of each job."""
    attempts: dict[str, set[int]] = defaultdict(set)
    outcomes: dict[str, list[str]] = defaultdict(list)
    with sqlite3.connect(log) as connection:
        rows = connection.execute("SELECT value FROM records WHERE topic = 'rockseg.job-events' ORDER BY offset")
        for (value,) in rows:
            event = decode(value)
            assert isinstance(event, JobEvent), msgspec.to_builtins(event)
            if event.kind is JobStatus.STARTED:
                attempts[str(event.job_id)].add(event.attempt)
            else:
                outcomes[str(event.job_id)].append(event.kind.value)
    return attempts, outcomes
