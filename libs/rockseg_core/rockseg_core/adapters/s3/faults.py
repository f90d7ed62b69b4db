"""What minio-py and urllib3 raise, in our words. Nothing of theirs, and no address, reaches a sentence."""

import http.client
import ssl
from typing import Final
from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError

from rockseg_core.adapters.s3.call import CallAbandonedError
from rockseg_core.domain.errors import ObjectMissingError, RocksegError, StoreUnavailableError

# OSError: files with credentials, and sockets. ValueError and LookupError: answers that are not what they should be.
FAULTS: Final = (MinioException, HTTPError, http.client.HTTPException, OSError, ParseError, ValueError, LookupError)
AGAIN_FROM_STATUS: Final = 500
AGAIN_CODES: Final = frozenset({"SlowDown", "RequestTimeout", "TooManyRequests"})


def translated(error: Exception) -> RocksegError:
    """One of FAULTS as an error of ours; raise it `from` the original."""
    match error:
        case S3Error(code="NoSuchKey"):
            return ObjectMissingError()
        case S3Error() | InvalidResponseError() | ServerError():
            return StoreUnavailableError("The object store refused; it is not the client's fault.")
        case _:
            return StoreUnavailableError("The object store did not answer as it should.")


def worth_another_try(error: Exception) -> bool:
    """Not where the store has understood and said no."""
    if not isinstance(error, S3Error):
        return True
    return error.code in AGAIN_CODES or error.response.status >= AGAIN_FROM_STATUS


_REASONS: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    ((CallAbandonedError,), "abandoned"),
    ((S3Error, ServerError, InvalidResponseError), "not_s3"),
    ((SSLError, ssl.SSLError), "tls"),
    ((NewConnectionError,), "connection"),  # a kind of time-out to urllib3
    ((ConnectTimeoutError, ReadTimeoutError, TimeoutError), "timed_out"),
    ((HTTPError, OSError, http.client.HTTPException), "connection"),
)


def reason(error: BaseException) -> str:
    """For a metric or a log line: few different words, none of them secret. Takes what a fault was raised from."""
    if isinstance(error, S3Error) and error.code and error.code.isalnum():
        return error.code
    return next((word for kinds, word in _REASONS if isinstance(error, kinds)), "other")
