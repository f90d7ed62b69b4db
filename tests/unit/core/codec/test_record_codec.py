"""The wire format of both topics is what the golden files say: a change that breaks a reader shows here."""

from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rockseg_core.codec.records import MAX_RECORD_BYTES, decode, decode_or_none, encode
from rockseg_core.domain.errors import FatalError, RecordUndecodableError
from rockseg_core.domain.job import JobError, JobOptions, JobStatus, ModelRef, Tenant
from rockseg_core.domain.records import JobEvent, JobRequest

GOLDEN = Path(__file__).parents[3] / "data"

JOB_ID = UUID("5b0d2c1e-8f7a-4c39-9d21-0a1b2c3d4e5f")
FOLDER = f"jobs/acme-drilling/{JOB_ID}"
REQUEST = JobRequest(
    job_id=JOB_ID,
    tenant=Tenant("acme-drilling"),
    photo_key=f"{FOLDER}/photo-0123456789abcdef.jpg",
    photo_sha256="0123456789abcdef" * 4,
    digest="fedcba9876543210" * 4,
    options=JobOptions(mask_weight=0.35, px_per_mm=2.5, core_mm=63.5),
    accepted_at=1760657042.69,
    expires_at=1760743442.69,
)


def event(kind: JobStatus, **more: object) -> JobEvent:
    facts = {
        "kind": kind,
        "request_partition": 3,
        "request_offset": 1041,
        "attempt": 1,
        "at": 1760657047.33,
        **{name: getattr(REQUEST, name) for name in REQUEST.__struct_fields__ if name != "schema"},
        **more,
    }
    return JobEvent(**facts)  # type: ignore[arg-type]


RECORDS: dict[str, JobRequest | JobEvent] = {
    "job_request": REQUEST,
    "job_event_started": event(JobStatus.STARTED, at=1760657042.75),
    "job_event_finished": event(
        JobStatus.FINISHED,
        started_at=1760657042.75,
        mask_key=f"{FOLDER}/mask-00112233445566ff.png",
        confidence_key=f"{FOLDER}/confidence-8899aabbccddeeff.png",
        report_key=f"{FOLDER}/report-0f1e2d3c4b5a6978.json",
        model=ModelRef("reference", "1.2.0", "9f" * 32),
    ),
    "job_event_failed": event(
        JobStatus.FAILED,
        attempt=3,
        started_at=1760657042.75,
        error=JobError("worker_crashed", "The photo stopped a worker three times."),
    ),
    "job_event_erased": event(JobStatus.ERASED, attempt=0),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_written_as_its_golden_file_says(name: str) -> None:
    assert encode(RECORDS[name]) + b"\n" == (GOLDEN / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", RECORDS)
def test_a_golden_file_is_read_as_its_record(name: str) -> None:
    assert decode((GOLDEN / f"{name}.json").read_bytes()) == RECORDS[name]


@pytest.mark.parametrize("name", ["job_request", "job_event_finished"])
def test_what_the_next_version_writes_is_read_already(name: str) -> None:
    record = decode((GOLDEN / f"{name}_next.json").read_bytes())
    assert record.schema == 2
    assert msgspec.structs.replace(record, schema=1) == RECORDS[name]


def changed(name: str, **fields: object) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(RECORDS[name]) | fields)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"null",
        b"not json",
        b"\xff\xfe",
        b"[" * 5000,
        changed("job_request", schema=0),
        changed("job_request", schema=3),
        changed("job_request", type="job_rumour"),
        changed("job_request", tenant=7),
        changed("job_request", job_id="no uuid"),
        changed("job_event_started", kind="queued"),
        changed("job_event_started", kind="paused"),
        changed("job_request", tenant="Acme/../other"),
        changed("job_request", photo_key=""),
        changed("job_request", photo_key="s3://bucket/photo.png"),
        changed("job_request", photo_key="a/" * 512 + "a"),
        changed("job_request", digest="x" * 3200),
        changed("job_request", photo_sha256="a\0b"),
        changed("job_request", expires_at=1e308),
        changed("job_request", accepted_at=-1.0),
        changed("job_request", options={"mask_weight": 1e308}),
        changed("job_request", options={"core_width_px": -1.0}),
        changed("job_request", rumour="x" * MAX_RECORD_BYTES),
        changed("job_event_finished", mask_key="../mask.png"),
        changed("job_event_finished", attempt=-1),
        encode(REQUEST).replace(b"acme", b"\\ud800"),
        *(
            encode(RECORDS["job_event_finished"]).replace(f'"{field}":{value}'.encode(), f'"{field}":{bad}'.encode())
            for field, value in (("attempt", 1), ("request_partition", 3), ("request_offset", 1041))
            for bad in (2**63, 2**64, 10**30, 1e308)
        ),
        *(
            encode(REQUEST).replace(b"1760743442.69", bad)
            for bad in (b"NaN", b"Infinity", b"1e400", b"253402300800", b"-0.1")
        ),
    ],
)
def test_what_is_no_record_of_ours_is_told_apart(value: bytes | None) -> None:
    with pytest.raises(RecordUndecodableError):
        decode(value)
    assert decode_or_none(value, JobRequest) is None


def test_a_record_on_the_other_s_topic_is_none() -> None:
    assert decode_or_none(encode(REQUEST), JobRequest) == REQUEST
    assert decode_or_none(encode(REQUEST), JobEvent) is None
    assert decode_or_none(encode(RECORDS["job_event_failed"]), JobRequest) is None


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_stays_below_four_kilobytes(name: str) -> None:
    assert len(encode(RECORDS[name])) < MAX_RECORD_BYTES / 2


def test_a_longer_record_is_a_bug_and_never_published() -> None:
    with pytest.raises(FatalError, match="4096"):
        encode(msgspec.structs.replace(REQUEST, photo_key="k" * MAX_RECORD_BYTES))


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reader(value: bytes) -> None:
    assert decode_or_none(value, JobRequest) is None
