import msgspec
import structlog

from rockseg_api.errors import JobGoneError, ResultMissingError
from rockseg_core.codec.bundle import decode_report
from rockseg_core.domain.errors import ObjectMissingError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.report import Report
from rockseg_core.ports.store import ObjectStore

_log = structlog.get_logger()


async def read_object(store: ObjectStore, job: JobRecord, key: str | None) -> bytes:
    """An object that the job's terminal event names.

    Raises JobGoneError where the job was erased or swept since its row was read, ResultMissingError where its photo is
    there and the object is not, and StoreUnavailableError.
    """
    if key is not None:
        try:
            return await store.get(key)
        except ObjectMissingError:
            if not await store.exists(job.photo_key):
                raise JobGoneError("This job was erased, or its time is over.") from None
    raise ResultMissingError


def report_of(job: JobRecord, body: bytes) -> Report:
    """The report of a finished job; raises ResultMissingError where it is no longer what a worker stored."""
    try:
        return decode_report(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.error("stored_object_spoiled", key=job.report_key)
        raise ResultMissingError from error
