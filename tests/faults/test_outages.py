"""The log or the store away, hanging, or silent at the wrong moment: 503 in time, nothing lost, nothing twice."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
from tests.e2e.deployment import Deployment, Service, deployed
from tests.faults.clients import client_of, png
from tests.faults.witness import Witness, witnessing
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_proxied import topics_behind
from tests.real.kafka_topics import fresh_topics
from tests.real.s3_server import S3Server
from tests.real.toxiproxy import Proxy

from rockseg_core.domain.job import JobStatus

SUBMIT_SECONDS = 5.0
OUTAGE_SECONDS = 60.0


async def refused_in_time(http: httpx.AsyncClient, url: str, **headers: str) -> float:
    """Seconds until the 503 of a submit."""
    began = time.monotonic()
    answer = await http.post(f"{url}/predict", files={"file": png()}, headers=headers)
    took = time.monotonic() - began
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    return took


def threads(service: Service) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads"))


async def test_kafka_away_for_a_minute_costs_answers_and_nothing_else(
    tmp_path: Path, own_kafka: KafkaCluster, s3_server: S3Server, s3_bucket: str
) -> None:
    topics = await fresh_topics(own_kafka.bootstrap, 4)
    with deployed(tmp_path, topics, s3_server.environ(s3_bucket)) as deployment:
        api = deployment.api()
        deployment.worker("null:300ms")
        async with client_of([api.url], deployment.key()) as client, witnessing(topics) as witness:
            job_ids = [await client.submit(png(shade)) for shade in range(30)]
            await witness.until_ended(3)
            await asyncio.to_thread(own_kafka.stop_node, own_kafka.nodes[0], kill=True)
            away = time.monotonic()
            slowest = 0.0
            while time.monotonic() < away + OUTAGE_SECONDS:
                slowest = max(slowest, await refused_in_time(client.http, api.url))
                known = await client.http.get(f"{api.url}/job/{job_ids[0]}?form=report")
                assert (known.status_code, known.headers.get("rockseg-stale")) == (200, "true")
                unknown = await client.http.get(f"{api.url}/job/{uuid4()}")
                assert unknown.status_code == 503
                assert (await client.http.get(f"{api.url}/readyz")).status_code == 200
                await asyncio.sleep(1)
            await asyncio.to_thread(own_kafka.start_node, own_kafka.nodes[0])
            back = time.monotonic()
            job_ids.append(await client.submit(png(99)))
            accepting = time.monotonic() - back
            await witness.until(lambda: set(job_ids) <= witness.ended.keys())
            recovered = time.monotonic() - back
            assert {await client.status(job_id) for job_id in job_ids} == {"finished"}
            print(  # noqa: T201
                f"\nKafka away {OUTAGE_SECONDS:.0f} s: {len(job_ids)} accepted, 0 lost, slowest 503 {slowest:.1f} s, "
                f"accepting again after {accepting:.1f} s, all ended after {recovered:.1f} s"
            )
            assert client.lies == []
            assert {witness.attempts(job_id) for job_id in job_ids} == {1}
            assert slowest <= SUBMIT_SECONDS


async def test_a_store_that_hangs_costs_answers_in_time_no_thread_and_no_attempt(
    tmp_path: Path,
    kafka_bootstrap: str,
    s3_server: S3Server,
    s3_bucket: str,
    proxy_to: Callable[[str], Proxy],
) -> None:
    topics, proxy = await fresh_topics(kafka_bootstrap, 4), proxy_to(s3_server.address)
    with deployed(tmp_path, topics, s3_server.through(proxy.address).environ(s3_bucket)) as deployment:
        api, worker = deployment.api(), deployment.worker("null:300ms")
        async with client_of([api.url], deployment.key()) as client, witnessing(topics) as witness:
            job_ids = [await client.submit(png(shade)) for shade in range(20)]
            await witness.until_ended(2)
            before = threads(api), threads(worker)
            proxy.hang()
            waits: list[float] = []
            for _ in range(6):  # more calls than the store has slots, six times
                waits += await asyncio.gather(*(refused_in_time(client.http, api.url) for _ in range(24)))
            during = threads(api), threads(worker)
            proxy.heal()
            healed = time.monotonic()
            await witness.until(lambda: set(job_ids) <= witness.ended.keys())
            print(  # noqa: T201
                f"\nS3 hung for {len(waits)} submits: slowest 503 {max(waits):.1f} s, threads {before} → {during}, "
                f"all {len(job_ids)} ended {time.monotonic() - healed:.1f} s after it was back"
            )
            assert max(waits) <= SUBMIT_SECONDS
            assert during[0] <= before[0] + 16  # its slots, once used
            assert {witness.attempts(job_id) for job_id in job_ids} == {1}


async def test_a_publish_whose_answer_is_lost_makes_one_job_under_its_key(
    tmp_path: Path,
    kafka_cluster: KafkaCluster,
    kafka_proxy: Proxy,
    s3_server: S3Server,
    s3_bucket: str,
) -> None:
    behind, direct = await topics_behind(kafka_proxy, kafka_cluster, 4)
    environ = s3_server.environ(s3_bucket)
    with deployed(tmp_path, behind, environ) as deployment:
        api = deployment.api()
        worker_environ = {"ROCKSEG_KAFKA_BROKERS": direct.brokers}
        deployment.worker(**worker_environ)
        async with client_of([api.url], deployment.key()) as client, witnessing(direct) as witness:
            await client.submit(png())  # all connections are there
            landed = 0
            for number, break_it in enumerate((kafka_proxy.hang, kafka_proxy.cut, kafka_proxy.hang)):
                key = f"order-{number}"
                break_it()
                await refused_in_time(client.http, api.url, **{"idempotency-key": key})
                landed += len(witness.requests)
                kafka_proxy.heal()
                job_id = await client.submit(png(), key=key)
                assert await client.submit(png(), key=key) == job_id
                await witness.until(lambda job_id=job_id: job_id in witness.ended)  # type: ignore[misc]
                assert await client.status(job_id) == "finished"
            assert len(witness.requests) == 4
            assert set(witness.ended.values()) == {JobStatus.FINISHED}
            assert client.lies == []


async def test_a_worker_that_dies_between_upload_and_event_ends_its_job_once(
    deployment: Deployment, witness: Witness
) -> None:
    api = deployment.api()
    async with client_of([api.url], deployment.key()) as client:
        job_id = await client.submit(png())
        dying = deployment.broken_worker("uploads-and-dies")
        assert await asyncio.to_thread(dying.process.wait, 120) == 137
        deployment.worker()
        await witness.until_ended(1)
        assert await client.status(job_id) == "finished"
    assert witness.outcomes == {job_id: [JobStatus.FINISHED]}
    assert witness.attempts(job_id) == 2
