"""POST on one replica, GET on the other at once, while both restart in turn."""

import asyncio
from contextlib import suppress

import httpx
from tests.e2e.deployment import Deployment
from tests.faults.clients import DEADLINE_SECONDS, client_of, png
from tests.faults.witness import Witness

ROUNDS, RESTARTS, CLIENTS = 1000, 6, 6


async def test_what_one_replica_took_the_other_knows_at_once(deployment: Deployment, witness: Witness) -> None:
    lasting, restarting = deployment.api(), deployment.api()
    deployment.worker("null:5ms")
    key = deployment.key()
    done = 0

    async with client_of([lasting.url], key) as client:

        async def post_here_read_there(number: int) -> None:
            """Again, with a new job, where one of the two is down."""
            nonlocal done
            to, other = [(lasting.url, restarting.url), (restarting.url, lasting.url)][number % 2]
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    with suppress(httpx.TransportError):
                        job_id = await client.submit(png(number), at=to)
                        if await client.status(job_id, at=other):
                            done += 1
                            return
                    await asyncio.sleep(0.1)

        async def run(numbers: range) -> None:
            for number in numbers:
                await post_here_read_there(number)

        running = asyncio.gather(*(run(range(start, ROUNDS, CLIENTS)) for start in range(CLIENTS)))
        restarts = 0
        while not running.done() and restarts < RESTARTS:
            await witness.until(lambda: len(witness.requests) > (restarts + 1) * ROUNDS // (RESTARTS + 2))  # noqa: B023
            port = restarting.url.rpartition(":")[2]
            await asyncio.to_thread(restarting.terminate if restarts % 2 else restarting.kill)
            restarting = await asyncio.to_thread(deployment.api, ROCKSEG_PORT=port)
            restarts += 1
        await running
        for job_id in list(client.seen):
            await client.status(job_id)

    print(f"\n{done} of {ROUNDS} read at once on the other replica, {restarts} restarts, {client.lies or 'no lies'}")  # noqa: T201
    assert client.lies == []
    assert restarts == RESTARTS
    assert done == ROUNDS
