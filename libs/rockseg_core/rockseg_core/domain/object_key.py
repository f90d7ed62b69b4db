"""What a key may look like: every store takes the same keys, so that a folder can be one of them."""

import re
from typing import Final

_PART: Final = r"(?!\.\.?(?:/|\Z))[A-Za-z0-9._-]{1,255}"
KEY_PATTERN: Final = rf"\A{_PART}(?:/{_PART})*\Z"
MAX_KEY_BYTES: Final = 1024  # S3's own bound

_KEY: Final = re.compile(KEY_PATTERN)


def key_parts(key: str) -> tuple[str, ...]:
    """The parts of a key between its slashes. Raises ValueError for a key that is absolute, climbs, or is no key."""
    if not _KEY.search(key):
        raise ValueError("an object's key is made of parts of [A-Za-z0-9._-], none of them . or ..")
    return tuple(key.split("/"))


def listed(key: str) -> str:
    """A key as a store lists it, whoever put it there. Raises ValueError where it may lead to another's place."""
    if climbs(key):
        raise ValueError("an object's key is neither empty nor absolute, and no part of it is . or ..")
    return key


def climbs(key: str) -> bool:
    """Whether a key may lead to another's place: URLs and file systems both resolve `a/../b`."""
    return not key or key.startswith("/") or "\0" in key or not {".", ".."}.isdisjoint(key.split("/"))
