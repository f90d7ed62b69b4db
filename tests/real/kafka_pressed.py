"""Reads the one partition of the jobs' topic with little memory; the last line of its stdout is what it found, in JSON.

    python -m tests.real.kafka_pressed feed|worker MIB OFFSET '{"brokers": …}'

It may take so many MiB of address space beyond what it has once all is imported, and ends behind the record at OFFSET.
"""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.ports.feed import LogPartition, Topic

Found = AsyncGenerator[tuple[int, int | None], None]


def press(mib: int) -> None:
    (pages, *_) = Path("/proc/self/statm").read_text(encoding="ascii").split()
    most = int(pages) * resource.getpagesize() + mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


async def fed(connection: KafkaConnection) -> Found:
    feed = KafkaFeed(connection)
    try:
        async for batch in feed.follow({LogPartition(Topic.JOBS, 0): 0}):
            for record in batch.records:
                yield record.offset, None
    finally:
        await feed.close()


async def delivered(connection: KafkaConnection) -> Found:
    source = KafkaDeliverySource(connection)
    try:
        while (delivery := await source.receive()) is not None:
            yield delivery.position.offset, delivery.end
            await source.acknowledge(delivery)
    finally:
        await source.close()


async def main(role: str, last: int, settings: str) -> None:
    connection = KafkaConnection(msgspec.json.decode(settings, type=KafkaSettings))
    found = []
    async with aclosing(fed(connection) if role == "feed" else delivered(connection)) as reading:
        async for offset, end in reading:
            found.append((offset, end))
            if offset >= last:
                break
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    role, mib, last, settings = sys.argv[1:]
    press(int(mib))
    asyncio.run(main(role, int(last), settings))
