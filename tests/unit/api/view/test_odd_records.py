"""Whatever value a record's field has: it counts as undecodable, or the view can keep it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.contract.examples import a_request, an_event

from rockseg_api.view.follower import _row
from rockseg_api.view.table import ViewTable
from rockseg_core.codec.records import decode_or_none, encode
from rockseg_core.domain.job import JobStatus
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import FeedRecord, LogPartition, Topic

REQUEST = a_request()
RECORDS: list[tuple[type[JobRequest | JobEvent], dict[str, Any]]] = [
    (JobRequest, json.loads(encode(REQUEST))),
    *((JobEvent, json.loads(encode(an_event(REQUEST, kind)))) for kind in (JobStatus.STARTED, JobStatus.FINISHED)),
]
FIELDS = [
    (kind, record, path) for kind, record in RECORDS for path in [(n,) for n in record] + [("options", "core_mm")]
]
VALUES = st.one_of(
    st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, 10**30, -1, 1e308, -1e308, "\ud800", "a\0b", "", "x" * 5000]),
    st.sampled_from([float("nan"), float("inf"), 253402300799.999, None, True, [], {}]),
    st.integers(),
    st.floats(),
    st.text(),
)


@given(st.sampled_from(FIELDS), VALUES)
def test_no_value_of_any_field_ends_the_view(
    field: tuple[type[JobRequest | JobEvent], dict[str, Any], tuple[str, ...]], value: object
) -> None:
    kind, record, path = field
    odd: dict[str, Any] = json.loads(json.dumps(record))
    place = odd if len(path) == 1 else odd[path[0]]
    place[path[-1]] = value
    at = LogPartition(Topic.JOB_EVENTS, 0)
    row = _row(FeedRecord(at, 0, decode_or_none(json.dumps(odd).encode(), kind)))
    if row is None:
        return
    table = ViewTable(":memory:")
    table.apply([row], {at: 1})
    table._recent.clear()  # as it stands in the file
    assert table.read(row.job_id) == row
    table.backlog(0.0)
    table.due(1e10, 10)
    table.close()
