"""(4) An upgrade and a rollback while clients go on."""

import asyncio
from pathlib import Path
from uuid import UUID

from tests.cluster.command import until
from tests.cluster.pod_watch import watched
from tests.cluster.release import WAIT, Platform, null_model
from tests.faults.clients import DEADLINE_SECONDS, Client, client_of, png
from tests.faults.witness import witnessing

from rockseg_core.domain.job import JobStatus

CLIENTS = 6
ENDED = {"finished", "failed"}
BEFORE = {"inference": {"replicas": 2, **null_model("300ms")}}
# Each pod is another one, and the topics have more partitions.
AFTER = {"logLevel": "debug", "kafka": {"topics": {"partitions": 24}}, **BEFORE}


async def test_an_upgrade_and_a_rollback_lose_no_job_and_show_clients_no_error_that_a_retry_does_not_cure(
    platform: Platform, tmp_path: Path
) -> None:
    with platform.namespace("upgrade") as release, watched("upgrade", "api,inference", tmp_path) as pods:
        await asyncio.to_thread(release.upgrade, BEFORE)
        first, over = set(release.pods()), asyncio.Event()
        async with (
            witnessing(release.kafka) as witness,
            client_of([release.url], release.key) as client,
        ):
            clients = asyncio.gather(*(goes_on(client, over) for _ in range(CLIENTS)))
            await asyncio.to_thread(release.upgrade, AFTER)
            second = set(release.pods())
            await asyncio.to_thread(release.helm, "rollback", "rockseg", "1", *WAIT)
            over.set()
            job_ids = [job_id for job_ids in await clients for job_id in job_ids]
            await witness.until_ended(len(job_ids))
            third = set(release.pods())
        until(lambda: pods.ending() == 0, "all others have ended")
        ended = pods.ended()
        print(  # noqa: T201
            f"\n{len(job_ids)} jobs of {CLIENTS} clients, {client.refused} times told to come back later; "
            f"{len(ended)} pods ended, the slowest within {max(end.seconds for end in ended):.0f} s"
        )

    assert not first & second
    assert not second & third
    assert client.lies == []
    assert set(witness.ended) == set(job_ids)
    assert set(witness.ended.values()) == {JobStatus.FINISHED}
    assert {witness.attempts(job_id) for job_id in job_ids} == {1}
    assert {end.exit_code for end in ended} == {0}


async def goes_on(client: Client, over: asyncio.Event) -> list[UUID]:
    """One photo after the other, each until it has ended; every answer that is no refusal for a while must be right."""
    job_ids = []
    while not over.is_set():
        job_ids.append(await client.submit(png(len(job_ids))))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await client.status(job_ids[-1]) not in ENDED:  # noqa: ASYNC110 - nothing tells a client
                await asyncio.sleep(0.1)
    return job_ids
