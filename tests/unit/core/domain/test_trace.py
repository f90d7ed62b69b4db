import pytest

from rockseg_core.domain import trace

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_traceparent_that_came_is_kept() -> None:
    assert trace.accepted(GIVEN) == GIVEN
    assert trace.trace_id(GIVEN) == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    "came",
    [
        None,
        "",
        "nonsense",
        GIVEN.upper(),
        f"{GIVEN}-more",
        f"{GIVEN}\n",
        "01" + GIVEN[2:],
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
    ],
)
def test_what_is_none_begins_a_trace_of_its_own(came: str | None) -> None:
    first, second = trace.accepted(came), trace.accepted(came)
    assert trace.accepted(first) == first
    assert trace.trace_id(first) != trace.trace_id(second)
