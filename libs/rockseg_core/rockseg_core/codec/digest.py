import hashlib

import msgspec

from rockseg_core.domain.job import JobOptions


def request_digest(photo_sha256: str, options: JobOptions) -> str:
    """What an Idempotency-Key is bound to: the photo, and the canonical JSON (sorted keys) of the options set."""
    canonical = msgspec.json.encode(options, order="sorted")
    return hashlib.sha256(photo_sha256.encode() + b"\n" + canonical).hexdigest()
