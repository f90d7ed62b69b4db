from minio import Minio

from rockseg_core.adapters.s3.connections import Connections, tls_context
from rockseg_core.adapters.s3.credentials import key_provider
from rockseg_core.adapters.s3.profile import Profile
from rockseg_core.adapters.s3.settings import PREFIX, S3Settings
from rockseg_core.domain.errors import SettingsError


def s3_connections(settings: S3Settings, profile: Profile) -> Connections:
    """Reads the CA's file and connects to nothing. Raises SettingsError."""
    if not settings.secure:
        return Connections(profile, settings.connections, None)
    try:
        tls = tls_context(str(settings.ca_file) if settings.ca_file else None)
    except OSError:
        raise SettingsError(f"{PREFIX}CA_FILE cannot be read, or holds no certificate (PEM)") from None
    return Connections(profile, settings.connections, tls)


def s3_client(settings: S3Settings, profile: Profile, connections: Connections) -> Minio:
    """Reads the credentials' file and connects to nothing. Raises SettingsError.

    The region is always given: without it, minio-py asks for it before the first call, under a policy of its own.
    """
    credentials = key_provider(settings, profile)
    try:
        return Minio(
            settings.address,
            secure=settings.secure,
            region=settings.region,
            http_client=connections,
            credentials=credentials,
        )
    except ValueError:  # such as a host of Amazon's that begins with the bucket
        raise SettingsError(f"{PREFIX}ENDPOINT is not the address of a store, without the bucket") from None
