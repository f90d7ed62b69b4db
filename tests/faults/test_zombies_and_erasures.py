import asyncio
import signal
from uuid import UUID

from tests.e2e.deployment import Deployment
from tests.faults.clients import client_of, png
from tests.faults.witness import Witness
from tests.real.s3_server import S3Server

from rockseg_core.domain.job import JobStatus


async def test_a_worker_asleep_past_its_session_changes_no_byte_that_a_client_sees(
    deployment: Deployment, witness: Witness
) -> None:
    api = deployment.api()
    zombie = deployment.worker("null:2s")
    forms = ("mask", "report", "confidence", "png")
    async with client_of([api.url], deployment.key()) as client:
        job_ids = [await client.submit(png(shade)) for shade in range(6)]

        async def seen() -> dict[tuple[UUID, str], bytes]:
            return {
                (job_id, form): (await client.http.get(f"{api.url}/job/{job_id}?form={form}")).content
                for job_id in job_ids
                for form in forms
            }

        await witness.until(lambda: any(witness.running(job_id) for job_id in job_ids))
        zombie.signal(signal.SIGSTOP)
        deployment.worker("null:20ms")
        await witness.until_ended(len(job_ids))
        before, told = await seen(), {job_id: len(witness.events[job_id]) for job_id in job_ids}

        zombie.signal(signal.SIGCONT)
        job_ids.append(await client.submit(png(200)))
        await witness.until_ended(len(job_ids))
        del job_ids[-1]
        # It ends what it had begun, and takes part again: a SIGTERM is answered by a clean exit.
        assert await asyncio.to_thread(zombie.terminate) == 0
        assert await seen() == before
        assert client.lies == []
    # What it held when it fell asleep it may still tell of, and under its own attempt alone.
    late = [event for job_id in job_ids for event in witness.events[job_id][told[job_id] :]]
    print(f"\n{len(late)} late events of the zombie")  # noqa: T201
    assert {event.attempt for event in late} <= {1}
    assert set(witness.ended.values()) == {JobStatus.FINISHED}


async def test_what_is_erased_under_load_is_gone_on_every_replica_and_from_the_bucket(
    deployment: Deployment, witness: Witness, s3_server: S3Server, s3_bucket: str
) -> None:
    apis = [deployment.api(), deployment.api()]
    workers = [deployment.worker("null:200ms") for _ in range(2)]
    async with client_of([api.url for api in apis], deployment.key()) as client:
        job_ids = [await client.submit(png(shade), at=apis[0].url) for shade in range(120)]

        async def erase(job_id: UUID) -> None:
            answer = await client.http.delete(f"{apis[1].url}/job/{job_id}")
            assert answer.status_code == 204, answer.text
            for api in apis:
                for form in ("json", "png", "mask", "report"):
                    assert (await client.http.get(f"{api.url}/job/{job_id}?form={form}")).status_code == 410

        await witness.until(lambda: len(witness.ended) >= 30 and any(map(witness.running, job_ids)))
        finished = [job_id for job_id in job_ids if job_id in witness.ended]
        running = [job_id for job_id in job_ids if witness.running(job_id)]
        queued = [job_id for job_id in job_ids if job_id not in witness.events]
        assert finished
        assert running
        assert queued
        chosen = {*finished[:10], *running[:10], *queued[-20:]}
        await asyncio.gather(*(erase(job_id) for job_id in chosen))
        await witness.until(lambda: set(job_ids) <= witness.ended.keys())
        assert [await asyncio.to_thread(worker.terminate) for worker in workers] == [0, 0]

        names = [found.object_name or "" for found in s3_server.client().list_objects(s3_bucket, recursive=True)]
        left = [name for name in names if any(str(job_id) in name for job_id in chosen)]
        kinds = f"{len(finished[:10])} finished, {len(running[:10])} running, {len(queued[-20:])} queued"
        print(f"\nerased {kinds}; {len(left)} objects of theirs left of {len(names)}")  # noqa: T201
        assert left == []
        for job_id in job_ids:
            wanted = 410 if job_id in chosen else 200
            assert (await client.http.get(f"{apis[1].url}/job/{job_id}?form=report")).status_code == wanted
