"""Where keys come from. A provider is asked in each call's thread, and what it raises is one of FAULTS."""

import configparser
from pathlib import Path
from typing import Final

from minio.credentials.credentials import Credentials
from minio.credentials.providers import IamAwsProvider, Provider, StaticProvider
from typing_extensions import override

from rockseg_core.adapters.s3.connections import Connections, tls_context
from rockseg_core.adapters.s3.profile import Profile
from rockseg_core.adapters.s3.settings import KEY, PREFIX, S3Settings
from rockseg_core.domain.errors import SettingsError

IAM_CONNECTIONS: Final = 2


def key_provider(settings: S3Settings, profile: Profile) -> Provider:
    """Raises SettingsError where the file holds no key."""
    if settings.credentials_file is not None:
        return FileProvider(settings.credentials_file, settings.credentials_profile)
    if settings.iam:
        # A client of its own: the store's CA is not the identity service's.
        return IamAwsProvider(
            http_client=Connections(profile, IAM_CONNECTIONS, tls_context(None)), region=settings.region
        )
    return StaticProvider(settings.access_key, settings.secret_key, settings.session_token or None)


class FileProvider(Provider):
    """A section of a file in AWS's form, read anew when the file has changed: keys are rotated under us."""

    def __init__(self, path: Path, section: str) -> None:
        self._path, self._section = path, section
        self._read: tuple[tuple[int, int], Credentials] | None = None
        try:
            self.retrieve()
        except (OSError, LookupError, ValueError):
            raise SettingsError(
                f"{PREFIX}CREDENTIALS_FILE has no aws_access_key_id and aws_secret_access_key "
                f"in the section that {PREFIX}CREDENTIALS_PROFILE names, or cannot be read"
            ) from None

    @override
    def retrieve(self) -> Credentials:
        found = self._path.stat()
        mark = (found.st_mtime_ns, found.st_ino)
        if self._read is None or self._read[0] != mark:
            self._read = (mark, self._parsed())
        return self._read[1]

    def _parsed(self) -> Credentials:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(self._path.read_text(encoding="utf-8"))
        except configparser.Error as error:
            raise ValueError("half written, or of another form") from error
        section = parser[self._section]
        access, secret = section["aws_access_key_id"], section["aws_secret_access_key"]
        token = section.get("aws_session_token")
        if not all(KEY.match(part) for part in (access, secret, token or "")):
            raise ValueError("a key that fits into no header")
        return Credentials(access, secret, token)
