import asyncio

from tests.e2e.deployment import Deployment, Service
from tests.faults.broken_worker import POISON
from tests.faults.clients import client_of, png
from tests.faults.witness import Witness

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.lookup import END, Lookup
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.feed import Topic

WORKER_AT_FAULT = 70
NEIGHBOURS = 16


async def dead_letters(topics: KafkaSettings) -> int:
    lookup = Lookup(KafkaConnection(topics), (Topic.DEAD_LETTER,), request_seconds=30.0)
    await lookup.open()
    try:
        return sum((await lookup.offsets(await lookup.partitions(), END)).values())
    finally:
        await lookup.close()


async def test_a_photo_that_kills_its_worker_fails_after_three_and_its_sixteen_neighbours_finish(
    deployment: Deployment, witness: Witness, topics: KafkaSettings
) -> None:
    api, restarts = deployment.api(), 0

    async def as_kubernetes_does() -> None:
        """One pod, restarted whenever it ends."""
        nonlocal restarts
        while True:
            worker = deployment.broken_worker("poisoned")
            assert await asyncio.to_thread(worker.process.wait) == 137
            restarts += 1

    async with client_of([api.url], deployment.key()) as client:
        job_ids = [await client.submit(png(shade)) for shade in range(NEIGHBOURS // 2)]
        poison = await client.submit(png(POISON))
        job_ids += [await client.submit(png(100 + shade)) for shade in range(NEIGHBOURS // 2)]
        pod = asyncio.create_task(as_kubernetes_does())
        await witness.until_ended(NEIGHBOURS + 1)
        pod.cancel()
        answer = (await client.http.get(f"{api.url}/job/{poison}")).json()

    buried = await dead_letters(topics)
    print(f"\n{restarts} crashes, {buried} dead letter, attempts {witness.attempts(poison)}: {answer['error']}")  # noqa: T201
    assert witness.ended == dict.fromkeys(job_ids, JobStatus.FINISHED) | {poison: JobStatus.FAILED}
    assert {event.error.code for event in witness.events[poison] if event.error} == {"worker_crashed"}
    assert answer["status"] == "failed"
    assert restarts == 3
    assert buried == 1


async def test_where_every_model_is_broken_no_job_is_blamed_and_each_worker_ends_with_70(
    deployment: Deployment, witness: Witness, topics: KafkaSettings
) -> None:
    api = deployment.api()
    async with client_of([api.url], deployment.key()) as client:
        job_ids = [await client.submit(png(shade)) for shade in range(8)]
        for _ in range(4):  # more often than a job has attempts
            worker = deployment.broken_worker("broken")
            assert await asyncio.to_thread(worker.process.wait, 120) == WORKER_AT_FAULT
        assert witness.ended == {}
        assert await dead_letters(topics) == 0

        deployment.worker()
        await witness.until_ended(len(job_ids))
        assert {await client.status(job_id) for job_id in job_ids} == {"finished"}
        assert {witness.attempts(job_id) for job_id in job_ids} == {1}


async def test_one_broken_worker_of_three_harms_no_job(deployment: Deployment, witness: Witness) -> None:
    api = deployment.api()
    sound = [deployment.worker("null:50ms") for _ in range(2)]
    broken: list[Service] = []

    async def as_kubernetes_does() -> None:
        while True:
            broken.append(deployment.broken_worker("broken"))
            assert await asyncio.to_thread(broken[-1].process.wait) == WORKER_AT_FAULT

    pod = asyncio.create_task(as_kubernetes_does())
    async with client_of([api.url], deployment.key()) as client:
        job_ids = [await client.submit(png(shade)) for shade in range(200)]
        await witness.until_ended(len(job_ids))
        pod.cancel()
        assert {await client.status(job_id) for job_id in job_ids} == {"finished"}
    assert {witness.attempts(job_id) for job_id in job_ids} == {1}
    assert [worker.terminate() for worker in sound] == [0, 0]
