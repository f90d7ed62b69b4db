"""Whose fault it was: the job's, or the worker's (design §6)."""

import asyncio
from traceback import walk_tb
from typing import Any

from rockseg_core.domain.errors import RocksegError
from rockseg_inference.batcher import Batcher
from rockseg_inference.metrics import WorkerMetrics


class WorkerAtFaultError(Exception):
    """This machine no longer computes what it should: it counts no attempt, and leaves."""


class FaultJudge:
    """After a fault, asks the device for the bundle's self-test tile."""

    def __init__(self, batcher: Batcher, seconds: float, metrics: WorkerMetrics) -> None:
        self._batcher, self._seconds, self._metrics = batcher, seconds, metrics

    async def acquit_worker(self) -> None:
        """Raises WorkerAtFaultError when the self-test fails, or does not come back."""
        try:
            async with asyncio.timeout(self._seconds):
                sound = await self._batcher.self_test()
        except TimeoutError:
            sound = False
        self._metrics.self_tests.labels("passed" if sound else "failed").inc()
        if not sound:
            raise WorkerAtFaultError


def described(error: BaseException) -> dict[str, Any]:
    """An exception for the log: its type, its code, and the lines of our own that it passed.

    Never its text: a library's exception may quote a secret, a path, or another tenant's file.
    """
    ours = [
        f"{frame.f_globals.get('__name__')}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).startswith("rockseg_")
    ]
    return {
        "error_type": type(error).__qualname__,
        "error_code": error.code if isinstance(error, RocksegError) else None,
        "error_at": ours[-3:],
    }
