"""Some kilobytes on the topic of the jobs that unpack to more memory than there is."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from tests.real.kafka_owners import Crew, crew_of
from tests.real.kafka_strays import BOMB, bombs

ROOT = Path(__file__).parents[2]
MIB = {"gzip": 700, "lz4": 200, "zstd": 700}  # unpacked; packed less than the megabyte that brokers take
MEMORY_MIB = 400  # beyond what a process takes that has yet to read: threads reserve much


async def plant(crew: Crew, codec: str, mib: int, count: int = 1) -> None:
    """Between two jobs."""
    await crew.publish(1)
    with bombs(codec, mib):
        async with AIOKafkaProducer(**crew.connection.arguments(acks="all")) as producer:
            for _ in range(count):
                await producer.send_and_wait(crew.topic, BOMB, partition=0)
    await crew.publish(1)


async def found_by(crew: Crew, role: str, last: int = 2, mib: int = MEMORY_MIB) -> list[Any]:
    """By a process with little memory."""
    settings = msgspec.json.encode(crew.connection.settings).decode()
    reading = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tests.real.kafka_pressed", role, str(mib), str(last), settings],
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            told, _ = await reading.communicate()
    finally:
        if reading.returncode is None:
            reading.kill()
    assert reading.returncode == 0
    found: list[Any] = json.loads(told.splitlines()[-1])
    return found


@pytest.mark.parametrize("codec", MIB)
async def test_a_bomb_between_jobs_stops_no_replica(kafka_bootstrap: str, codec: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await plant(crew, codec, MIB[codec])
        assert await found_by(crew, "feed") == [[0, None], [1, None], [2, None]]


@pytest.mark.parametrize("codec", MIB)
async def test_a_bomb_between_jobs_is_one_stray_to_a_worker(kafka_bootstrap: str, codec: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await plant(crew, codec, MIB[codec])
        assert await found_by(crew, "worker") == [[0, None], [1, 2], [2, None]]


async def test_many_records_that_are_large_together_are_read_one_after_another(kafka_bootstrap: str) -> None:
    """Sixty of fifteen MiB, in some sixty kilobytes; a worker holds a dozen, and unpacks four more."""
    async with crew_of(kafka_bootstrap) as crew:
        await plant(crew, "zstd", 15, 60)
        assert await found_by(crew, "worker", 61, 700) == [[offset, None] for offset in range(62)]
