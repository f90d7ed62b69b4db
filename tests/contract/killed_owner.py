"""What a process does with a data folder until it is killed; each line says what had been promised by then.

Run by test_local_kill.py: python killed_owner.py FOLDER. Ends by SIGKILL alone.
"""

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

from rockseg_core.adapters.local import LocalData
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.job import JobOptions, Tenant
from rockseg_core.domain.records import JobRequest


def say(what: str, value: object) -> None:
    sys.stdout.write(f"{what} {value}\n")
    sys.stdout.flush()


async def submit(data: LocalData) -> None:
    while True:
        key = f"jobs/acme/{uuid4()}/photo.jpg"
        await data.store.put(key, key.encode(), "image/jpeg")
        request = JobRequest(
            job_id=uuid4(),
            tenant=Tenant("acme"),
            photo_key=key,
            photo_sha256="ab" * 32,
            digest="cd" * 32,
            options=JobOptions(),
            accepted_at=0.0,
            expires_at=1.0,
        )
        position = await data.log.publish_request(request)
        say("published", f"{position.offset} {request.job_id} {key}")


async def work(data: LocalData) -> None:
    source = data.deliveries()
    held = []
    while (delivery := await source.receive()) is not None:
        say("started", f"{delivery.position.offset} {delivery.attempt}")
        held.append(delivery)
        if len(held) == 5:  # out of order: the third of each five, and two stay in flight for a while
            done = held.pop(2)
            say("acknowledging", done.position.offset)
            await source.acknowledge(done)
            say("acknowledged", done.position.offset)


async def main(folder: Path) -> None:
    data = LocalData.open(folder, clock=SystemClock())
    await asyncio.gather(work(data), *(submit(data) for _ in range(4)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
