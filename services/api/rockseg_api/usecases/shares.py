from collections import Counter

from rockseg_core.domain.job import Tenant


class TenantShares:
    """Bytes held in this process under one limit, of which no tenant gets more than a share: none locks the rest out.

    A share is half of the limit, and never less than `largest`, what the largest single request may need.
    """

    def __init__(self, limit_bytes: int, largest: int) -> None:
        self._limit = limit_bytes
        self._held: Counter[Tenant] = Counter()
        self.held_bytes = 0
        self.share_bytes = min(limit_bytes, max(limit_bytes // 2, largest))

    def fits(self, tenant: Tenant, count: int) -> bool:
        return self.fits_all(count) and self.fits_share(tenant, count)

    def fits_all(self, count: int) -> bool:
        """Whether the limit of all tenants has room."""
        return self.held_bytes + count <= self._limit

    def fits_share(self, tenant: Tenant, count: int) -> bool:
        """Whether the tenant's share has room."""
        return self._held[tenant] + count <= self.share_bytes

    def add(self, tenant: Tenant, count: int) -> None:
        """Count bytes as held, or with a negative count as given back; whether they fit is asked before."""
        self.held_bytes += count
        self._held[tenant] += count
        if not self._held[tenant]:
            del self._held[tenant]
