"""A worker as a process of its own: joins the group, and says on stdout, one JSON object a line, what happens to it.

    python -m tests.real.kafka_worker BROKERS JOBS_TOPIC GROUP '{"session_seconds": 3, …}'

It acknowledges a delivery whose value is `quick` at once, and holds any other until a line with its value comes in on
stdin. SIGTERM: it stops, waits for what runs, closes, ends.
"""

import asyncio
import json
import signal
import sys
from collections import defaultdict
from typing import Any

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.delivery import Delivery


def say(event: str, **facts: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


class Work:
    def __init__(self, source: KafkaDeliverySource) -> None:
        self._source = source
        self._let_go: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._running: set[asyncio.Task[None]] = set()

    def let_go(self, value: str) -> None:
        self._let_go[value].set()

    async def run(self) -> None:
        while (delivery := await self._source.receive()) is not None:
            job = asyncio.ensure_future(self._job(delivery))
            self._running.add(job)
            job.add_done_callback(self._running.discard)
        if self._running:
            await asyncio.wait(self._running)
        await self._source.close()

    async def _job(self, delivery: Delivery) -> None:
        value = (delivery.value or b"").decode()
        facts = {"partition": delivery.position.partition, "offset": delivery.position.offset, "value": value}
        say("delivered", attempt=delivery.attempt, **facts)
        if value != "quick":
            await self._let_go[value].wait()
        await self._source.acknowledge(delivery)
        say("acknowledged", **facts)


async def main(brokers: str, topic: str, group: str, settings: str) -> None:
    connection = KafkaConnection(KafkaSettings(brokers=brokers, jobs_topic=topic, group_id=group))
    source = KafkaDeliverySource(connection, GroupSettings(**json.loads(settings)), lambda event: say(event.value))
    work = Work(source)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, source.stop)
    loop.add_reader(sys.stdin, lambda: work.let_go(sys.stdin.readline().strip()))
    say("up")
    await work.run()
    say("left")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
