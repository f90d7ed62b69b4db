"""The two calls of the HTTP contract, as the demo makes them."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from rockseg_core.domain.errors import TransientError, UsageError

POLL_SECONDS = 0.05


@dataclass
class Client:
    """`POST /predict` and `GET /job/{id}`, with one key."""

    url: str
    api_key: str

    def __post_init__(self) -> None:
        self._http = httpx.Client(base_url=self.url, headers={"api-key": self.api_key}, timeout=60)

    def submit(self, photo: Path) -> str:
        """The job's id. Raises UsageError with the service's own sentence when it refuses the photo."""
        with photo.open("rb") as body:
            answer = self._http.post("/predict", files={"file": (photo.name, body)})
        if answer.status_code != httpx.codes.ACCEPTED:
            raise UsageError(answer.json().get("detail", "The service refused the photo."))
        return str(answer.json()["job_id"])

    def wait(self, job_id: str, seconds: float) -> dict[str, Any]:
        """The report of the job once it has finished.

        Raises UsageError with the job's own sentence when it failed, TransientError after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # form=report costs the service no overlay while we poll.
            answer = self._http.get(f"/job/{job_id}", params={"form": "report"})
            answer.raise_for_status()
            body: dict[str, Any] = answer.json()
            if "status" not in body:  # the report itself: finished
                return body
            if body["status"] == "failed":
                raise UsageError(body["error"])
            time.sleep(POLL_SECONDS)
        raise TransientError(f"The job did not end within {seconds:.0f} s.")

    def fetch(self, job_id: str, form: str) -> bytes:
        answer = self._http.get(f"/job/{job_id}", params={"form": form})
        answer.raise_for_status()
        return answer.content
