from collections.abc import Sequence
from functools import reduce
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rockseg_core.domain.fold import JobRecord, after, event_of, fold, queued
from rockseg_core.domain.job import JobError, JobOptions, JobStatus, RequestPosition, Tenant
from rockseg_core.domain.records import JobEvent, JobRequest

JOB_ID = UUID(int=7)
REQUEST = JobRequest(
    job_id=JOB_ID,
    tenant=Tenant("acme"),
    photo_key="photo",
    photo_sha256="ab" * 32,
    digest="cd" * 32,
    options=JobOptions(),
    accepted_at=100.0,
    expires_at=200.0,
)
POSITIONS = [RequestPosition(0, 5), RequestPosition(0, 9), RequestPosition(1, 2)]
FIRST, SECOND, _ = POSITIONS
KINDS = [JobStatus.STARTED, JobStatus.FINISHED, JobStatus.FAILED, JobStatus.ERASED]


def an_event(kind: JobStatus, position: RequestPosition = FIRST, attempt: int = 1, at: float = 110.0) -> JobRecord:
    job = msgspec.structs.replace(queued(REQUEST, position), attempt=attempt)
    return after(event_of(job, kind, at))


def folded(records: Sequence[JobRecord]) -> JobRecord:
    job = reduce(fold, records, None)
    assert job is not None
    return job


REQUESTS = [queued(REQUEST, position) for position in POSITIONS]


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[JobRecord], list[JobRecord]]:
    """What both topics say of one job, each in its order; every event's time is another, so that no two are equal."""
    events = draw(
        st.lists(
            st.tuples(st.sampled_from(KINDS), st.sampled_from(POSITIONS), st.integers(1, 3)), min_size=1, max_size=7
        )
    )
    return REQUESTS[: draw(st.integers(1, 3))], [
        an_event(kind, position, attempt, 110.0 + number) for number, (kind, position, attempt) in enumerate(events)
    ]


@st.composite
def readings(draw: st.DrawFn, topics: tuple[list[JobRecord], list[JobRecord]]) -> list[JobRecord]:
    """One way to read both topics: interleaved, and with restarts from an earlier offset."""
    reached, read = [0, 0], []
    while any(reached[i] < len(topics[i]) for i in (0, 1)):
        topic = draw(st.sampled_from([i for i in (0, 1) if reached[i] < len(topics[i])]))
        read.append(topics[topic][reached[topic]])
        reached[topic] += 1
        if len(read) < 40 and draw(st.integers(0, 4)) == 0:
            again = draw(st.integers(0, 1))
            reached[again] = draw(st.integers(0, reached[again]))
    return read


def told(topics: tuple[list[JobRecord], list[JobRecord]]) -> JobRecord:
    """The job by the rules of design §5, said in another way than the fold says them: look at all, then choose."""
    requests, events = topics
    erased = [event for event in events if event.status is JobStatus.ERASED]
    if erased:
        return erased[0]
    lowest = min(record.request for record in [*requests, *events])
    of_lowest = [record for record in [*requests, *events] if record.request == lowest]
    ended = [record for record in of_lowest if record.status.terminal]
    if ended:
        return ended[0]
    return max(of_lowest, key=lambda record: (record.attempt, record.status is JobStatus.STARTED))


@given(st.data(), logs())
def test_any_reading_of_the_topics_tells_the_same_job(
    data: st.DataObject, topics: tuple[list[JobRecord], list[JobRecord]]
) -> None:
    first, second = folded(data.draw(readings(topics))), folded(data.draw(readings(topics)))
    wanted = told(topics)
    assert (first.status, first.request, first.attempt) == (wanted.status, wanted.request, wanted.attempt)
    if wanted.status.terminal:  # two starts of one attempt may differ in their time, and the next replaces both
        assert first == second == wanted


@given(logs(), st.data())
def test_a_status_never_goes_back(topics: tuple[list[JobRecord], list[JobRecord]], data: st.DataObject) -> None:
    rank = {JobStatus.QUEUED: 0, JobStatus.STARTED: 1, JobStatus.FINISHED: 2, JobStatus.FAILED: 2, JobStatus.ERASED: 3}
    job = None
    for record in data.draw(readings(topics)):
        before, job = job, fold(job, record)
        same = before is not None and before.request == job.request and before.attempt == job.attempt
        if same or (before is not None and before.status is JobStatus.ERASED):
            assert rank[job.status] >= rank[before.status]


def test_erased_replaces_everything_and_is_final() -> None:
    erased = an_event(JobStatus.ERASED, SECOND)
    for other in [*REQUESTS, *(an_event(kind, position) for kind in KINDS for position in POSITIONS)]:
        if other.status is not JobStatus.ERASED:
            assert fold(other, erased) == erased
        assert fold(erased, other) == erased


def test_the_outcome_of_a_second_request_never_shows_once_the_first_was_read() -> None:
    job = folded([REQUESTS[0], an_event(JobStatus.FINISHED, SECOND)])
    assert (job.status, job.request) == (JobStatus.QUEUED, FIRST)


def test_the_first_request_takes_the_place_of_what_a_second_had_told() -> None:
    job = folded([REQUESTS[1], an_event(JobStatus.FINISHED, SECOND), REQUESTS[0]])
    assert (job.status, job.request) == (JobStatus.QUEUED, FIRST)


def test_the_first_outcome_stays_whatever_a_late_twin_says() -> None:
    finished = an_event(JobStatus.FINISHED)
    for late in (
        an_event(JobStatus.FAILED, attempt=3),
        an_event(JobStatus.FINISHED, attempt=2, at=150.0),
        an_event(JobStatus.STARTED, attempt=2),
        REQUESTS[0],
    ):
        assert fold(finished, late) == finished


def test_a_later_attempt_replaces_an_earlier_and_not_the_other_way_round() -> None:
    first, second = an_event(JobStatus.STARTED, attempt=1), an_event(JobStatus.STARTED, attempt=2)
    assert fold(first, second) == second
    assert fold(second, first) == second


@pytest.mark.parametrize("kind", KINDS)
def test_a_view_can_stand_on_an_event_alone(kind: JobStatus) -> None:
    job = fold(None, an_event(kind))
    facts = ("job_id", "tenant", "photo_key", "photo_sha256", "digest", "options", "accepted_at", "expires_at")
    assert [getattr(job, name) for name in facts] == [getattr(REQUEST, name) for name in facts]
    assert job.started_at == (110.0 if kind is JobStatus.STARTED else None)
    assert job.finished_at == (110.0 if kind.terminal else None)


def test_an_outcome_brings_the_time_of_its_start_and_its_error() -> None:
    failed = JobEvent(
        job_id=JOB_ID,
        tenant=Tenant("acme"),
        kind=JobStatus.FAILED,
        request_partition=0,
        request_offset=5,
        attempt=2,
        at=120.0,
        accepted_at=100.0,
        expires_at=200.0,
        photo_key="photo",
        photo_sha256="ab" * 32,
        digest="cd" * 32,
        options=JobOptions(),
        started_at=111.0,
        error=JobError("image_truncated", "The photo ends too early."),
    )
    job = folded([REQUESTS[0], after(failed)])
    assert (job.started_at, job.finished_at, job.attempt, job.error) == (111.0, 120.0, 2, failed.error)


def test_a_request_is_no_event() -> None:
    with pytest.raises(ValueError, match="queued"):
        event_of(REQUESTS[0], JobStatus.QUEUED, 110.0)
