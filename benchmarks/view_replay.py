"""How fast a replica reads the whole log anew: decode, fold and SQLite, from real Kafka."""

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
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


@dataclass(frozen=True)
class Replayed:
    """Records a second: of a view that begins with nothing and reads three records a job, and of a bare loop."""

    view: float
    bare: float


async def replayed(bootstrap: str, folder: Path) -> Replayed:
    """Each the better of two: the first reading finds the log's files cold."""
    connection = KafkaConnection(await fresh_topics(bootstrap, PARTITIONS))
    await _fill(connection)
    views = [await _view(connection, folder / f"view-{turn}.sqlite3") for turn in range(2)]
    bare = [await _bare(connection, folder / f"bare-{turn}.sqlite3") for turn in range(2)]
    return Replayed(max(views), max(bare))


async def _view(connection: KafkaConnection, path: Path) -> float:
    feed = KafkaFeed(connection)
    view = JobView(path, feed, SystemClock(), LIFETIME_SECONDS)
    began = time.perf_counter()
    await view.start()
    await view.caught_up()
    took = time.perf_counter() - began
    applied = view.applied_records
    await view.stop()
    await feed.close()
    return applied / took


async def _bare(connection: KafkaConnection, path: Path) -> float:
    """What the same libraries do alone: read, decode JSON without a check, write each record's bytes by its key."""
    consumer = AIOKafkaConsumer(**connection.arguments(group_id=None, auto_offset_reset="earliest"))
    began, read = time.perf_counter(), 0
    await consumer.start()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("CREATE TABLE job (job_id BLOB PRIMARY KEY, record BLOB)")
        consumer.assign([TopicPartition(topic, at) for topic in connection.roles for at in range(PARTITIONS)])
        while read < 3 * JOBS:
            found = await consumer.getmany(timeout_ms=1000, max_records=1000)
            records = [record for part in found.values() for record in part]
            for record in records:
                msgspec.json.decode(record.value)
            db.execute("BEGIN")
            rows = [(record.key, record.value) for record in records]
            db.executemany("INSERT OR REPLACE INTO job VALUES (?, ?)", rows)
            db.execute("COMMIT")
            read += len(records)
    took = time.perf_counter() - began
    await consumer.stop()
    return read / took


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
