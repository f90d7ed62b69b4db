"""Starts workers of `kafka_worker.py`, kills them, stops them, and listens to them."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
from tests.real.kafka_owners import Crew

from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 90.0
Told = dict[str, Any]


class Hired:
    """One process. `told` is all that it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[Told] = []
        self._more = asyncio.Condition()
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(cls, crew: Crew, settings: GroupSettings) -> Self:
        told = msgspec.json.encode(settings).decode()
        return cls(
            await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "tests.real.kafka_worker"],
                *[crew.connection.settings.brokers, crew.topic, crew.group, told],
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )

    def deliveries(self) -> list[tuple[int, int, int]]:
        """(partition, offset, attempt) in the order in which they came."""
        return [(t["partition"], t["offset"], t["attempt"]) for t in self.told if t["event"] == "delivered"]

    def count(self, event: str) -> int:
        return sum(told["event"] == event for told in self.told)

    async def says(self, true: Callable[[], bool]) -> None:
        """Wait until what it has said makes it so."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._more:
            await self._more.wait_for(true)

    async def joined(self) -> None:
        await self.says(lambda: self.count("rebalanced") > 0)

    async def let_go(self, value: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{value}\n".encode())
        await self.process.stdin.drain()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await self._listening

    async def end(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.terminate()
        async with asyncio.timeout(DEADLINE_SECONDS):
            code = await self.process.wait()
            await self._listening
        return code

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            async with self._more:
                self.told.append(json.loads(line))
                self._more.notify_all()


@asynccontextmanager
async def hiring(crew: Crew, settings: GroupSettings) -> AsyncIterator[Callable[[], Any]]:
    """Gives what starts a worker; whoever is left at the end is killed."""
    hired: list[Hired] = []

    async def hire() -> Hired:
        hired.append(await Hired.start(crew, settings))
        return hired[-1]

    try:
        yield hire
    finally:
        for one in hired:
            await one.kill()
