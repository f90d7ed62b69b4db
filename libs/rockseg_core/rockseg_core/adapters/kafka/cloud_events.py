"""Headers that let other teams read our records: CloudEvents 1.0 in Kafka's binary mode.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md, section 3.2.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError
from rockseg_core.domain.records import JobEvent, JobRequest

Headers: TypeAlias = list[tuple[str, bytes]]

SOURCE: Final = "/rockseg"
TRACEPARENT: Final = "traceparent"  # https://www.w3.org/TR/trace-context/, as OpenTelemetry puts it on Kafka's records


def header_of(headers: Sequence[tuple[str, bytes | None]], name: str) -> str | None:
    """The first of that name, if it is text: anybody may write to a topic."""
    for key, value in headers:
        if key == name and value is not None:
            return value.decode("ascii", "replace")
    return None


def request_headers(request: JobRequest, traceparent: str | None) -> Headers:
    """A copy of a request has the same `ce_id`: consumers that look for copies find it."""
    job = str(request.job_id)
    return _headers("rockseg.job.requested", f"{job}/requested", job, request.accepted_at, traceparent)


def event_headers(event: JobEvent, traceparent: str | None) -> Headers:
    job = str(event.job_id)
    answered = f"{event.request_partition}-{event.request_offset}"
    identity = f"{job}/{answered}/{event.attempt}/{event.kind}"
    return _headers(f"rockseg.job.{event.kind}", identity, job, event.at, traceparent)


def dead_letter_headers(delivery: Delivery, error: JobError, topic: str, traceparent: str | None) -> Headers:
    """The record's bytes are as they came, whatever they are; what was wrong with them stands here."""
    partition, offset = delivery.position
    last = "" if delivery.end is None else f"-{delivery.end - 1}"
    origin = f"{topic}/{partition}/{offset}{last}"
    job = str(delivery.request.job_id) if delivery.request is not None else ""
    content_type = b"application/octet-stream" if delivery.request is None else b"application/json"
    return [
        ("content-type", content_type),
        *_attributes("rockseg.job.dead-lettered", f"{origin}/dead-lettered", job),
        ("rockseg_error_code", error.code.encode()),
        ("rockseg_error_sentence", error.sentence.encode()),
        ("rockseg_origin", origin.encode()),
        ("rockseg_attempt", str(delivery.attempt).encode()),
        *_trace(traceparent),
    ]


def cut_headers(key: bytes | None, value: bytes | None) -> Headers:
    """How long both were, of a letter that holds the beginnings alone."""
    lengths = {"rockseg_key_bytes": key, "rockseg_value_bytes": value}
    return [(name, str(len(whole or b"")).encode()) for name, whole in lengths.items()]


def _headers(kind: str, identity: str, subject: str, at: float, traceparent: str | None) -> Headers:
    time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [
        ("content-type", b"application/json"),
        *_attributes(kind, identity, subject),
        ("ce_time", time.encode()),
        *_trace(traceparent),
    ]


def _attributes(kind: str, identity: str, subject: str) -> Headers:
    attributes = {"specversion": "1.0", "id": identity, "source": SOURCE, "type": kind, "subject": subject}
    return [(f"ce_{name}", value.encode()) for name, value in attributes.items() if value]


def _trace(traceparent: str | None) -> Headers:
    return [] if traceparent is None else [(TRACEPARENT, traceparent.encode())]
