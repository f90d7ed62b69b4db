import pytest

from rockseg_core.domain import trace

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_traceparent_that_came_is_kept() -> None:
    assert trace.accepted(GIVEN) == GIVEN
    assert trace.trace_id(GIVEN) == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("came", [f"01{GIVEN[2:]}", f"cc{GIVEN[2:]}-what-comes-later", f"fe{GIVEN[2:]}-"])
def test_of_a_higher_version_what_this_one_knows_is_kept(came: str) -> None:
    assert trace.accepted(came) == GIVEN


@pytest.mark.parametrize(
    "came",
    [
        None,
        "",
        "nonsense",
        GIVEN.upper(),
        f"{GIVEN}-more",
        f"{GIVEN}\n",
        "ff" + GIVEN[2:],
        f"01{GIVEN[2:]}more",
        f"cc{GIVEN[2:]}\n",
        "cc" + GIVEN[2:-1],
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
    ],
)
def test_what_is_none_begins_a_trace_of_its_own(came: str | None) -> None:
    first, second = trace.accepted(came), trace.accepted(came)
    assert trace.accepted(first) == first
    assert trace.trace_id(first) != trace.trace_id(second)
