"""What a key may look like: every store takes the same keys, so that a folder can be one of them."""

import re
from typing import Final

_PART: Final = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9._-]{1,255}")


def key_parts(key: str) -> tuple[str, ...]:
    """The parts of a key between its slashes. Raises ValueError for a key that is absolute, climbs, or is no key."""
    parts = tuple(key.split("/"))
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError("an object's key is made of parts of [A-Za-z0-9._-], none of them . or ..")
    return parts
