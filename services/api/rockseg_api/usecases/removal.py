import asyncio
from typing import Final

from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.store import ObjectStore

DELETES_AT_ONCE: Final = 8


async def remove_objects(store: ObjectStore, keys: ObjectKeys, job: JobRecord) -> None:
    """Delete all objects of a job; idempotent. Raises StoreUnavailableError, after it has tried each.

    The photo goes first: a writer that finds it gone after its own put takes back what it wrote, so that nothing that
    lands after the listing stays.
    """
    await store.delete(job.photo_key)
    found = [key async for key in store.keys(keys.job(job.tenant, job.job_id))]
    failed: list[BaseException] = []
    for first in range(0, len(found), DELETES_AT_ONCE):
        deletes = (store.delete(key) for key in found[first : first + DELETES_AT_ONCE])
        failed += [error for error in await asyncio.gather(*deletes, return_exceptions=True) if error is not None]
    if failed:
        raise failed[0]
