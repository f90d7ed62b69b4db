"""Whether the settings fit the store that answers: wrong ones end a service at its start, with a sentence."""

import ssl
from collections.abc import Mapping
from typing import Final

from minio import Minio
from minio.error import InvalidResponseError, S3Error
from urllib3.exceptions import SSLError

from rockseg_core.adapters.s3.faults import AGAIN_FROM_STATUS
from rockseg_core.adapters.s3.settings import PREFIX
from rockseg_core.domain.errors import SettingsError

_WRONG_REGION: Final = f"{PREFIX}REGION is not the region of the bucket that {PREFIX}BUCKET names"
_WRONG_KEY: Final = f"the object store does not know the access key of {PREFIX}ACCESS_KEY (or of its file, or of IAM)"
SENTENCES: Final[Mapping[str, str]] = {
    "InvalidAccessKeyId": _WRONG_KEY,
    "InvalidTokenId": _WRONG_KEY,
    "InvalidToken": _WRONG_KEY,
    "ExpiredToken": f"the token of {PREFIX}SESSION_TOKEN (or of its file, or of IAM) has expired",
    "SignatureDoesNotMatch": f"{PREFIX}SECRET_KEY (or the file's) does not belong to the access key",
    "AccessDenied": f"the access key of {PREFIX}ACCESS_KEY (or of its file, or of IAM) may not list the bucket that "
    f"{PREFIX}BUCKET names: docs/s3-policy.md says what it must be allowed",
    "NoSuchBucket": f"there is no bucket of the name that {PREFIX}BUCKET gives",
    "InvalidBucketName": f"{PREFIX}BUCKET is no name for a bucket",
    "AuthorizationHeaderMalformed": _WRONG_REGION,
    "PermanentRedirect": _WRONG_REGION,
    "Redirect": _WRONG_REGION,
    "InvalidRegion": _WRONG_REGION,
    "RequestTimeTooSkewed": "this machine's clock is not the object store's: requests are signed with the time",
}
NOT_S3: Final = f"what answers at {PREFIX}ENDPOINT is no S3 store, or it wants https:// where http:// is set"


def check_store(client: Minio, bucket: str, prefix: str) -> None:
    """Lists what is certainly nothing. Raises SettingsError, or what minio-py raises where time may mend it."""
    try:
        next(iter(client.list_objects(bucket, f"{prefix}jobs/~", recursive=True)), None)
    except S3Error as error:
        if (sentence := SENTENCES.get(error.code or "")) is None:
            raise
        raise SettingsError(sentence) from error
    except InvalidResponseError as error:
        if _status(error) >= AGAIN_FROM_STATUS:
            raise
        raise SettingsError(NOT_S3) from error
    except SSLError as error:
        if (sentence := _tls_sentence(error)) is None:
            raise
        raise SettingsError(sentence) from error


def _status(error: InvalidResponseError) -> int:
    return error._code  # noqa: SLF001  # it has no other way to be read


def _tls_sentence(error: SSLError) -> str | None:
    cause = error.args[0] if error.args else None
    match cause:
        case ssl.SSLCertVerificationError():
            return f"the store's certificate is not by the CA of {PREFIX}CA_FILE, or not for {PREFIX}ENDPOINT's host"
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST" | "RECORD_LAYER_FAILURE"):
            return f"{PREFIX}ENDPOINT says https://, and what answers there speaks no TLS"
        case _:
            return None
