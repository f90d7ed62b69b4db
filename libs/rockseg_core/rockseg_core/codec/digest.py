import hashlib

import msgspec

from rockseg_core.domain.job import JobOptions


def request_digest(photo_sha256: str, options: JobOptions) -> str:
    """What an Idempotency-Key is bound to: the photo, and the canonical JSON (sorted keys) of the options set."""
    # By value: msgspec's omit_defaults compares floats by identity, so a 0.5 from a form would not be the default's.
    fields = msgspec.structs.fields(options)
    values = {field.name: getattr(options, field.name) for field in fields}
    given = {field.name: values[field.name] for field in fields if values[field.name] != field.default}
    canonical = msgspec.json.encode(given, order="sorted")
    return hashlib.sha256(photo_sha256.encode() + b"\n" + canonical).hexdigest()
