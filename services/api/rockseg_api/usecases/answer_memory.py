import asyncio
from typing import Final

from rockseg_api.errors import AnswersBusyError
from rockseg_api.usecases.shares import TenantShares
from rockseg_core.domain.job import Tenant

MOST_WAITING: Final = 64
"""Requests that wait for memory at once; one more is told to come back. Each is a connection and little else."""

_BUSY: Final = "As many bytes of results as may be are being sent; read those you asked for, and try again shortly."


class AnswerMemory:
    """How many bytes of results wait to be sent: a client that asks and does not read costs memory, up to here."""

    def __init__(self, limit_bytes: int, largest: int) -> None:
        self._shares = TenantShares(limit_bytes, largest)
        self._line: list[_Waiter] = []

    @property
    def held_bytes(self) -> int:
        return self._shares.held_bytes

    async def hold(self, tenant: Tenant, count: int, patience_seconds: float) -> "HeldBytes":
        """Sets `count` bytes aside; the caller releases them. Raises AnswersBusyError when none are free in time.

        One that needs more than a share gets all of it.
        """
        count = min(count, self._shares.share_bytes)
        if len(self._line) >= MOST_WAITING:
            raise AnswersBusyError(_BUSY)
        waiter = _Waiter(tenant, count)
        self._line.append(waiter)
        self._serve()
        try:
            async with asyncio.timeout(patience_seconds):
                await waiter.served
        except BaseException as error:
            if waiter in self._line:
                self._line.remove(waiter)
            else:  # served and given up in the same turn of the loop
                self._shares.add(tenant, -count)
            self._serve()
            if isinstance(error, TimeoutError):
                raise AnswersBusyError(_BUSY) from error
            raise
        return HeldBytes(self, tenant, count)

    def give_back(self, tenant: Tenant, count: int) -> None:
        self._shares.add(tenant, -count)
        self._serve()

    def _serve(self) -> None:
        """First come, first served; only who waits for the tenant's own share is passed by other tenants."""
        passed: set[Tenant] = set()
        for waiter in list(self._line):
            if waiter.served.done() or waiter.tenant in passed:  # one that hung up leaves the line by itself
                continue
            if not self._shares.fits_share(waiter.tenant, waiter.count):
                passed.add(waiter.tenant)
                continue
            if not self._shares.fits_all(waiter.count):
                return
            self._line.remove(waiter)
            self._shares.add(waiter.tenant, waiter.count)
            waiter.served.set_result(None)


class _Waiter:
    def __init__(self, tenant: Tenant, count: int) -> None:
        self.tenant = tenant
        self.count = count
        self.served: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class HeldBytes:
    """What one answer holds, until it is sent or its client is gone."""

    def __init__(self, memory: AnswerMemory, tenant: Tenant, count: int) -> None:
        self._memory = memory
        self._tenant = tenant
        self._count = count

    def settle(self, count: int) -> None:
        """Hold what the answer really has: the rest goes back, and more, should it have more, is counted too."""
        spare, self._count = self._count - count, count
        self._memory.give_back(self._tenant, spare)

    def release(self) -> None:
        """Give back all; harmless when called twice."""
        self.settle(0)
