import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from typing_extensions import override

from rockseg_core.codec import settings as variables
from rockseg_core.domain.errors import SettingsError

PREFIX: Final = "ROCKSEG_S3_"

_Bucket = r"^(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*(\.\.|\.-|-\.))[a-z0-9.-]{1,61}[a-z0-9]$"  # Amazon S3's rules
_KEY: Final = r"^[\x21-\x7e]*$"
KEY: Final = re.compile(_KEY)  # it goes into a header
_KEY_WORDS: Final = {"takes": "printable ASCII without spaces"}
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")  # as urlsplit gives it


class S3Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the object store. `endpoint`, `bucket` and one way to get a key must be set."""

    endpoint: Annotated[
        str,
        msgspec.Meta(description="The store, `https://host` or `http://host:port`; nothing after the port."),
    ]
    bucket: Annotated[
        str,
        msgspec.Meta(
            pattern=_Bucket,
            extra={
                "takes": "3 to 63 of a-z, 0-9, . and -, which begin and end with a letter or digit, have no . beside"
                " another . or a -, and are no IP address nor begin with xn--"
            },
            description="The bucket; it is there already, and not versioned.",
        ),
    ]
    region: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9-]{1,63}$",
            extra={"takes": "1 to 63 of A-Z, a-z, 0-9 and -"},
            description="The region that requests are signed for; most stores of one's own take the default.",
        ),
    ] = "us-east-1"
    access_key: Annotated[
        str, msgspec.Meta(pattern=_KEY, extra=_KEY_WORDS, description="The access key, unless a file or IAM gives it.")
    ] = ""
    secret_key: Annotated[str, msgspec.Meta(pattern=_KEY, extra=_KEY_WORDS, description="The secret key to it.")] = ""
    session_token: Annotated[
        str, msgspec.Meta(pattern=_KEY, extra=_KEY_WORDS, description="The token of a key that lives for a while.")
    ] = ""
    credentials_file: Annotated[
        Path | None,
        msgspec.Meta(
            description="A file in the form of `~/.aws/credentials`, instead of the keys; re-read when it changes."
        ),
    ] = None
    credentials_profile: Annotated[str, msgspec.Meta(min_length=1, description="The section of that file to use.")] = (
        "default"
    )
    iam: Annotated[
        bool,
        msgspec.Meta(
            description="Get keys from the machine or pod (EC2, ECS, EKS: a web identity token) and renew them."
        ),
    ] = False
    ca_file: Annotated[
        Path | None, msgspec.Meta(description="The CA that signed the store's certificate; unset, the system's.")
    ] = None
    connections: Annotated[
        int, msgspec.Meta(ge=1, le=256, description="Calls to the store at once, each in a thread.")
    ] = 16

    @property
    def secure(self) -> bool:
        return urlsplit(self.endpoint).scheme == "https"

    @property
    def address(self) -> str:
        """Host and port, without the scheme."""
        return urlsplit(self.endpoint).netloc

    @override
    def __repr__(self) -> str:
        """Without what is secret."""
        return f"S3Settings(endpoint={self.endpoint!r}, bucket={self.bucket!r}, region={self.region!r})"


def s3_settings(environ: Mapping[str, str]) -> S3Settings:
    """Raises SettingsError that names the variable; it does not look at files, nor at the store."""
    settings = variables.read_settings(S3Settings, environ, PREFIX)
    _check_endpoint(settings)
    _check_ways_to_a_key(settings)
    if environ.get(f"{PREFIX}CREDENTIALS_PROFILE", "").strip() and settings.credentials_file is None:
        raise SettingsError(f"{PREFIX}CREDENTIALS_PROFILE is set, but {PREFIX}CREDENTIALS_FILE is not")
    return settings


def settings_table() -> str:
    """All variables as a Markdown table, for the docs."""
    return variables.settings_table(S3Settings, PREFIX)


def _check_endpoint(settings: S3Settings) -> None:
    try:
        parts = urlsplit(settings.endpoint)
        (parts.hostname or "").encode("idna")  # UnicodeError is a ValueError: no name has two dots in a row
        wrong = parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.hostname or "") or parts.port == 0
    except ValueError:
        wrong = True
    if wrong or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(f"{PREFIX}ENDPOINT is not https://host or http://host:port")
    if settings.ca_file is not None and not settings.secure:
        raise SettingsError(f"{PREFIX}CA_FILE is set, and {PREFIX}ENDPOINT does not begin with https://")


def _check_ways_to_a_key(settings: S3Settings) -> None:
    keys, file = settings.access_key or settings.secret_key or settings.session_token, settings.credentials_file
    ways = [bool(keys), file is not None, settings.iam]
    if sum(ways) != 1:
        raise SettingsError(
            f"set {PREFIX}ACCESS_KEY with {PREFIX}SECRET_KEY, or {PREFIX}CREDENTIALS_FILE, or {PREFIX}IAM: "
            + ("none is set" if not any(ways) else "more than one is set")
        )
    if keys and not (settings.access_key and settings.secret_key):
        missing = "ACCESS_KEY" if not settings.access_key else "SECRET_KEY"
        raise SettingsError(f"{PREFIX}{missing} is not set: the access key and its secret key go together")
