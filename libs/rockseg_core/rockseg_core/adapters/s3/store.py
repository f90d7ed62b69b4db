import io
from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from minio.error import S3Error
from minio.helpers import MIN_PART_SIZE
from typing_extensions import override

from rockseg_core.adapters.s3.check import check_store
from rockseg_core.adapters.s3.client import s3_client, s3_connections
from rockseg_core.adapters.s3.faults import reason
from rockseg_core.adapters.s3.lifecycle import RuleOutcome, ensure_rule, rule_is_there
from rockseg_core.adapters.s3.profile import Profile
from rockseg_core.adapters.s3.settings import S3Settings
from rockseg_core.adapters.s3.threads import Threads
from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.domain.object_key import climbs, key_parts, listed
from rockseg_core.ports.store import ObjectStore

PAGE_KEYS: Final = 1000  # what S3 gives in one answer
# MinIO on one disk denies a put whose folder another's deletion takes away as it is made: 1 in 600 beside deletions
# without a pause. Who may really not put is told so after as many requests; no other call is denied so, and the API,
# which tries all else once, has to try this again.
DENIED_PUTS: Final = 3

T = TypeVar("T")


def _say_nothing(_reason: str) -> None:
    pass


class S3Store(ObjectStore):
    """Objects in a bucket, through minio-py in threads of its own.

    Made before or within the event loop, used within one. `on_fault` gets a word for each call that failed, such as
    `AccessDenied`, `timed_out` or `tls`: for a metric, and for who looks why.
    """

    def __init__(
        self, settings: S3Settings, profile: Profile, *, on_fault: Callable[[str], None] = _say_nothing
    ) -> None:
        """Connects to nothing. Raises SettingsError where the CA's or the credentials' file will not do."""
        self._bucket = settings.bucket
        self._connections = s3_connections(settings, profile)
        self._client = s3_client(settings, profile, self._connections)
        self._threads = Threads(settings.connections, profile)
        self._on_fault = on_fault

    async def check(self, prefix: str = "") -> None:
        """Whether the settings fit the store, for the start of a service that works below `prefix`.

        Raises SettingsError with a sentence that names the variable; StoreUnavailableError where trying again may help.
        """
        await self._call(partial(check_store, self._client, self._bucket, prefix))

    async def ensure_expiry(self, prefix: str, lifetime_seconds: float, *, dry_run: bool = False) -> RuleOutcome:
        """Merge our lifecycle rule for `{prefix}jobs/` into the bucket's. Raises StoreUnavailableError."""
        work = partial(ensure_rule, self._client, self._bucket, prefix, lifetime_seconds, dry_run=dry_run)
        return await self._call(work)

    async def expiry_warning(self, prefix: str) -> str | None:
        """A sentence for the log of a service that starts, where no lifecycle rule takes what is left in `prefix`."""
        try:
            there = await self._call(partial(rule_is_there, self._client, self._bucket, prefix))
        except StoreUnavailableError:
            return f"the bucket's lifecycle rules cannot be read; one for {prefix}jobs/ should be there"
        if there:
            return None
        return f"no lifecycle rule takes what is left below {prefix}jobs/: run `rockseg-api store ensure`"

    @override
    async def put(self, key: str, body: bytes, content_type: str) -> None:
        key_parts(key)
        await self._call(partial(self._put, key, body, content_type), transfer=True)

    @override
    async def get(self, key: str) -> bytes:
        key_parts(key)
        return await self._call(partial(self._get, key), transfer=True)

    @override
    async def exists(self, key: str) -> bool:
        key_parts(key)
        return await self._call(partial(self._exists, key))

    @override
    async def delete(self, key: str) -> None:
        await self._call(partial(self._client.remove_object, self._bucket, listed(key)))

    @override
    async def keys(self, prefix: str) -> AsyncIterator[str]:
        after: str | None = None
        while True:
            page = await self._call(partial(self._page, prefix, after))
            for key in page:
                if not climbs(key):  # another's object, which no URL can name
                    yield key
            if len(page) < PAGE_KEYS:
                return
            after = page[-1]

    async def close(self) -> None:
        """Waits up to 5 s for what is under way and ends the rest; later calls raise StoreUnavailableError."""
        await self._threads.close()
        self._connections.clear()

    async def _call(self, work: Callable[[], T], *, transfer: bool = False) -> T:
        try:
            return await self._threads.run(work, transfer=transfer)
        except StoreUnavailableError as error:
            if not error.reason:
                error.reason = error.code if error.__cause__ is None else reason(error.__cause__)
            self._on_fault(error.reason)
            raise

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        """Each try in one request: parts that nobody completes would stay in the bucket, and cost."""
        size = len(body)
        for left in reversed(range(DENIED_PUTS)):
            try:
                self._client.put_object(
                    self._bucket, key, io.BytesIO(body), size, content_type, part_size=max(size, MIN_PART_SIZE)
                )
            except S3Error as error:
                if left == 0 or error.code != "AccessDenied":
                    raise
            else:
                return

    def _get(self, key: str) -> bytes:
        response = self._client.get_object(self._bucket, key)
        try:
            return response.read()
        finally:  # read whole, it is back in its pool; else it must not go there
            response.close()
            response.release_conn()

    def _exists(self, key: str) -> bool:
        try:
            self._client.stat_object(self._bucket, key)
        except S3Error as error:
            if error.code != "NoSuchKey":
                raise
            # A HEAD's 404 has no body: it may be the bucket that is missing, or the store behind its gateway, and a
            # photo that is said to be gone is a job that is dropped. The list has to say so too.
            if key in self._page(key, None, most=1):  # of all that begin so, the key itself comes first
                contradiction = StoreUnavailableError("The object store lists an object that it does not find.")
                contradiction.reason = "listed_not_found"
                raise contradiction from error
            return False
        return True

    def _page(self, prefix: str, after: str | None, most: int = 0) -> list[str]:
        found = self._client.list_objects(self._bucket, prefix, recursive=True, start_after=after)
        return [str(entry.object_name) for entry in islice(found, most or PAGE_KEYS)]
