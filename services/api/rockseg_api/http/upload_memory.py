from typing import Final, Self

from rockseg_api.http.problems import RefusedError
from rockseg_api.usecases.shares import TenantShares
from rockseg_core.domain.job import Tenant

_FULL: Final = "As many bytes of photos as may be are being uploaded; try again."
_YOURS_FULL: Final = "As many bytes of photos as one tenant may send at once are being uploaded; try again."


class UploadMemory:
    """Counts the bytes that uploads hold in this process, and refuses beyond a limit instead of growing."""

    def __init__(self, limit_bytes: int, largest: int) -> None:
        """`largest` is what one upload may hold; no tenant holds more than that or half of the limit."""
        self._shares = TenantShares(limit_bytes, largest)

    @property
    def held_bytes(self) -> int:
        return self._shares.held_bytes

    def lease(self, tenant: Tenant, announced_bytes: int = 0) -> "UploadLease":
        """For one upload; raises RefusedError `uploads_busy` when what it announces would not fit now.

        What is announced is not held: a client that says much and sends little keeps nobody out.
        """
        self._check(tenant, min(announced_bytes, self._shares.share_bytes))  # a form is more than its photo
        return UploadLease(self, tenant)

    def hold(self, tenant: Tenant, count: int) -> None:
        self._check(tenant, count)
        self._shares.add(tenant, count)

    def release(self, tenant: Tenant, count: int) -> None:
        self._shares.add(tenant, -count)

    def _check(self, tenant: Tenant, count: int) -> None:
        if not self._shares.fits_all(count):
            raise RefusedError("uploads_busy", _FULL)
        if not self._shares.fits_share(tenant, count):
            raise RefusedError("uploads_busy", _YOURS_FULL)


class UploadLease:
    """What one upload holds, from its first byte until its answer is made."""

    def __init__(self, memory: UploadMemory, tenant: Tenant) -> None:
        self._memory = memory
        self._tenant = tenant
        self._held = 0

    def hold(self, count: int) -> None:
        """Raises RefusedError `uploads_busy`."""
        self._memory.hold(self._tenant, count)
        self._held += count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.release(self._tenant, self._held)
        self._held = 0
