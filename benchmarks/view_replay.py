"""How fast a replica reads the whole log anew: decode, fold and SQLite, from real Kafka."""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

from msgspec.structs import replace
from tests.real.kafka_topics import fresh_topics

from rockseg_api.view.job_view import JobView
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.fold import event_of, queued
from rockseg_core.domain.job import JobOptions, JobStatus, ModelRef, Tenant
from rockseg_core.domain.records import JobRequest

JOBS, AT_ONCE, PARTITIONS, LIFETIME_SECONDS = 20_000, 500, 4, 86_400.0
MODEL = ModelRef("drawn", "1", "0" * 64)


async def records_per_second(bootstrap: str, folder: Path) -> float:
    """Of a view that begins with nothing and reads three records a job."""
    connection = KafkaConnection(await fresh_topics(bootstrap, PARTITIONS))
    await _fill(connection)
    feed = KafkaFeed(connection)
    view = JobView(folder / "replayed.sqlite3", feed, SystemClock(), LIFETIME_SECONDS)
    began = time.perf_counter()
    await view.start()
    await view.caught_up()
    took = time.perf_counter() - began
    applied = view.applied_records
    await view.stop()
    await feed.close()
    return applied / took


async def _fill(connection: KafkaConnection) -> None:
    log = KafkaLog(connection)
    log.open()
    await log.wait_connected()
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with places:
            await _job(log)

    await asyncio.gather(*(one() for _ in range(JOBS)))
    await log.close()


async def _job(log: KafkaLog) -> None:
    now, job_id = time.time(), uuid4()
    request = JobRequest(
        job_id=job_id,
        tenant=Tenant("acme"),
        photo_key=f"jobs/acme/{job_id}/photo-0123456789abcdef.jpg",
        photo_sha256="0" * 64,
        digest="1" * 64,
        options=JobOptions(),
        accepted_at=now,
        expires_at=now + LIFETIME_SECONDS,
    )
    row = queued(request, await log.publish_request(request))
    await log.publish_event(replace(event_of(row, JobStatus.STARTED, now + 1), attempt=1))
    finished = replace(event_of(row, JobStatus.FINISHED, now + 2), attempt=1, started_at=now + 1, model=MODEL)
    keys = {kind: f"jobs/acme/{job_id}/{kind[:-4]}-0123456789abcdef.png" for kind in ("mask_key", "report_key")}
    await log.publish_event(replace(finished, **keys))
