"""Workers 3 → 1 → 4 → 1 over 500 jobs, half of them by SIGTERM and half by kill -9."""

import asyncio
import time
from uuid import UUID

from tests.e2e.deployment import Deployment, Service
from tests.faults.clients import client_of, png
from tests.faults.witness import Witness

JOBS = 500
IN_FLIGHT = 16  # of a worker, by default


async def test_each_of_500_jobs_ends_once_while_workers_come_and_go(deployment: Deployment, witness: Witness) -> None:
    apis = [deployment.api(), deployment.api()]
    key = deployment.key()
    workers = [deployment.worker("null:100ms") for _ in range(3)]
    kills: list[float] = []

    async def kill(worker: Service) -> None:
        kills.append(time.time())
        await asyncio.to_thread(worker.kill)

    began = time.monotonic()
    async with client_of([api.url for api in apis], key) as client:
        places = asyncio.Semaphore(8)

        async def submit(number: int) -> UUID:
            async with places:
                return await client.submit(png(number))

        submitting = asyncio.gather(*(submit(number) for number in range(JOBS)))
        await witness.until_ended(60)
        assert await asyncio.to_thread(workers[0].terminate) == 0
        await kill(workers[1])
        await witness.until_ended(130)
        workers += [deployment.worker("null:100ms") for _ in range(3)]
        await witness.until_ended(260)
        await kill(workers[2])
        assert await asyncio.to_thread(workers[3].terminate) == 0
        await kill(workers[4])
        job_ids = await submitting
        last_kill = time.monotonic()
        await witness.until_ended(JOBS)
        recovered = time.monotonic() - last_kill
        statuses = [await client.status(job_id) for job_id in job_ids]

    attempts = [witness.attempts(job_id) for job_id in job_ids]
    twins = sum(len(outcomes) > 1 for outcomes in witness.outcomes.values())
    print(  # noqa: T201
        f"\naccepted {len(set(job_ids))}, terminal {len(witness.ended)}, lost {JOBS - len(witness.ended)}, "
        f"late twins in the log {twins}, lies to the client {len(client.lies)}, attempts above one "
        f"{sum(attempt > 1 for attempt in attempts)}, all in {time.monotonic() - began:.0f} s, "
        f"the last {recovered:.0f} s after all were in"
    )
    assert client.lies == []
    assert set(statuses) == {"finished"}
    assert set(witness.ended) == set(job_ids)
    for job_id in job_ids:
        accepted = witness.requests[job_id].accepted_at
        ended = max(event.at for event in witness.events[job_id])  # of a twin, where a kill came before the commit
        assert witness.attempts(job_id) <= 1 + sum(accepted < kill < ended for kill in kills), witness.events[job_id]
    assert sum(attempts) - JOBS <= len(kills) * IN_FLIGHT  # no more than what the killed ones ran; SIGTERM costs none
