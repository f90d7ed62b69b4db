"""API keys: a file of hashes, `tenant:key_id:sha256hex` a line, `#` begins a comment; re-read when it changes.

A key is `rsk_<id>_<32 random bytes>`: enough entropy that a plain SHA-256 will do, and the id finds its line.
"""

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.job import TENANT_PATTERN, Tenant

PREFIX: Final = "rsk_"
MAX_KEY_CHARACTERS: Final = 256
CHECK_SECONDS: Final = 1.0

_LINE: Final = re.compile(rf"({TENANT_PATTERN}):([A-Za-z0-9]{{1,32}}):([0-9a-f]{{64}})")
_NO_HASH: Final = bytes(32)

log = structlog.get_logger("rockseg_api")


@dataclass(frozen=True)
class Caller:
    """Who sent a request: a tenant, by one of its keys."""

    tenant: Tenant
    key_id: str


def create_key(tenant: str) -> tuple[str, str]:
    """A new key, and its line for the key file. Raises SettingsError for a name that is no tenant's."""
    if not re.fullmatch(TENANT_PATTERN, tenant):
        raise SettingsError("a tenant's name has 1 to 63 of the characters a-z, 0-9 and -")
    key_id = secrets.token_hex(4)
    key = f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
    return key, f"{tenant}:{key_id}:{hashlib.sha256(key.encode()).hexdigest()}"


def parse_key_lines(text: str) -> dict[str, tuple[Caller, bytes]]:
    """Callers and hashes by key id. Raises SettingsError that numbers the bad lines and quotes none."""
    found: dict[str, tuple[Caller, bytes]] = {}
    bad: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = _LINE.fullmatch(content)
        if match is None or match[2] in found:
            bad.append(number)
            continue
        found[match[2]] = Caller(Tenant(match[1]), match[2]), bytes.fromhex(match[3])
    if bad:
        raise SettingsError(
            f"the key file's lines {', '.join(map(str, bad))} are not tenant:key_id:sha256hex, or repeat a key_id"
        )
    return found


class KeyFile:
    """Looks keys up. A file that turns bad or vanishes leaves the last good keys in force, and says so in the log."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises SettingsError when the file is missing or bad: a service that starts knows whom to let in."""
        self._path = path
        self._monotonic = monotonic
        self._next_check = 0.0
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, tuple[Caller, bytes]] = {}
        try:
            self._read()
        except OSError as error:
            raise SettingsError(f"the key file cannot be read ({error.strerror}): {path}") from None

    def caller(self, key: str) -> Caller | None:
        """Whose key this is; None for none. Takes the same time whether the id or the secret is wrong."""
        self._refresh()
        caller, digest = None, _NO_HASH
        if len(key) <= MAX_KEY_CHARACTERS and key.startswith(PREFIX):
            key_id = key[len(PREFIX) :].partition("_")[0]
            caller, digest = self._keys.get(key_id, (None, _NO_HASH))
        presented = hashlib.sha256(key[:MAX_KEY_CHARACTERS].encode()).digest()
        return caller if hmac.compare_digest(presented, digest) else None

    def _refresh(self) -> None:
        now = self._monotonic()
        if now < self._next_check:
            return
        self._next_check = now + CHECK_SECONDS
        try:
            if self._stamp() != self._seen:
                self._read()
                log.info("key file read", keys=len(self._keys))
        except OSError as error:
            if self._seen is not None:  # said once, not each second
                what = "key file cannot be read; the last keys stay in force"
                log.error(what, reason=error.strerror)  # noqa: TRY400 - `exception` logs the error's own text
            self._seen = None
        except SettingsError as error:
            what = "key file is bad; the last keys stay in force"
            log.error(what, reason=error.sentence)  # noqa: TRY400 - `exception` logs the error's own text

    def _stamp(self) -> tuple[int, int, int]:
        status = os.stat(self._path)  # noqa: PTH116 - a tenth of Path.stat's time, on each request once a second
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> None:
        # The stamp is taken first: a file that changes while it is read looks changed again at the next check.
        self._seen = self._stamp()
        try:
            text = self._path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise SettingsError("the key file is not UTF-8 text") from None
        self._keys = parse_key_lines(text)
