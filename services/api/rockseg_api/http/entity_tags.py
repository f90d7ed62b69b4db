"""What a client has already: entity tags, and If-None-Match as RFC 9110 has it (8.8.3, 13.1.2)."""

import re
from typing import Final

from rockseg_api.http.guards import Connection
from rockseg_api.http.options import ResultQuery
from rockseg_core.domain.fold import JobRecord

_TAG: Final = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def entity_tag(job: JobRecord, query: ResultQuery) -> str:
    """Names one form of one result: the object's own digest, and what the overlay was asked with."""
    key = {"confidence": job.confidence_key, "report": job.report_key}.get(query.form, job.mask_key) or ""
    digest = key.rpartition("-")[2].partition(".")[0]
    weight = job.options.mask_weight if query.weight is None else query.weight
    return f'"{query.form}-{digest}-{weight:.3f}-{"legend" if query.legend else "plain"}"'


def client_has(connection: Connection, tag: str) -> bool:
    """Whether If-None-Match names this tag: in a list, as a weak one (compressing proxies make it so), or by `*`."""
    values = [value for name, value in connection.scope["headers"] if name == b"if-none-match"]
    if not values:
        return False
    return values == [b"*"] or tag.encode() in _TAG.findall(b",".join(values))
