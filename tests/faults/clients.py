"""Clients as they are: they submit, ask again when told to, and hold the service to what it said."""

import asyncio
import io
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import numpy as np
from PIL import Image

RANK = {"queued": 0, "started": 1, "finished": 2, "failed": 2}
DEADLINE_SECONDS = 120.0


def png(shade: int = 120, side: int = 32) -> bytes:
    body = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), shade % 256, np.uint8)).save(body, "PNG")
    return body.getvalue()


class Client:
    """Over several replicas, in turn. `lies` counts statuses that went back or changed after the end, and 404s."""

    def __init__(self, urls: Sequence[str], api_key: str) -> None:
        self.urls = list(urls)
        self.http = httpx.AsyncClient(headers={"api-key": api_key}, timeout=30)
        self.seen: dict[UUID, str] = {}
        self.lies: list[str] = []
        self.refused = 0

    async def submit(self, photo: bytes, *, at: str | None = None, key: str = "") -> UUID:
        """Until it is accepted, as Retry-After says."""
        headers = {"idempotency-key": key} if key else {}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                answer = await self.http.post(
                    f"{at or random.choice(self.urls)}/predict", files={"file": photo}, headers=headers
                )
                if answer.status_code == 202:
                    return UUID(answer.json()["job_id"])
                assert answer.status_code in {429, 503}, answer.text
                self.refused += 1
                await asyncio.sleep(float(answer.headers["retry-after"]))

    async def status(self, job_id: UUID, *, at: str | None = None) -> str:
        answer = await self.http.get(f"{at or random.choice(self.urls)}/job/{job_id}?form=report")
        if answer.status_code != 200:
            if answer.status_code != 503:
                self.lies.append(f"{job_id}: {answer.status_code}")
            return ""
        status = str(answer.json().get("status", "finished"))
        before = self.seen.get(job_id, "queued")
        if RANK[status] < RANK[before] or (RANK[before] == RANK["failed"] and status != before):
            self.lies.append(f"{job_id}: {before}, then {status}")
        self.seen[job_id] = status
        return status

    async def overlay(self, job_id: UUID) -> bytes:
        """The picture, once the job has finished."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                answer = await self.http.get(f"{random.choice(self.urls)}/job/{job_id}?form=png")
                if answer.headers["content-type"] == "image/png":
                    return answer.content
                assert answer.status_code == 503 or answer.json()["status"] != "failed", answer.text
                await asyncio.sleep(0.1)


@asynccontextmanager
async def client_of(urls: Sequence[str], api_key: str) -> AsyncIterator[Client]:
    client = Client(urls, api_key)
    async with client.http:
        yield client
