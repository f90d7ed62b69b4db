import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rockseg_core.codec.commit_metadata import MAX_METADATA_BYTES, decode_topic_id, decode_window, encode_window
from rockseg_core.domain.dispatch import MAX_WINDOW
from rockseg_core.domain.window import MAX_SPAN, InFlight, Window

PREFIXES = st.integers(0, 2**53)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any state in which a window may be committed."""
    prefix = draw(PREFIXES)
    flights = st.builds(InFlight, st.integers(1, 99), st.booleans())
    in_flight = draw(st.dictionaries(st.integers(0, MAX_SPAN - 1), flights, max_size=MAX_WINDOW))
    done = draw(st.sets(st.integers(1, MAX_SPAN - 1), max_size=200)) - in_flight.keys()
    return Window(prefix, {prefix + d for d in done}, {prefix + d: flight for d, flight in in_flight.items()})


@given(windows())
def test_a_window_comes_back_from_its_metadata_as_it_was(window: Window) -> None:
    assert decode_window(window.prefix, encode_window(window)) == window


@pytest.mark.parametrize("prefix", [0, 2**60])
def test_the_fullest_window_that_can_be_fits_the_limit(prefix: int) -> None:
    in_flight = {prefix + MAX_SPAN - 1 - i: InFlight(99, released=True) for i in range(MAX_WINDOW - 1)}
    in_flight[prefix] = InFlight(99, released=True)
    done = {prefix + delta for delta in range(1, MAX_SPAN)} - in_flight.keys()
    text = encode_window(Window(prefix, done, in_flight), "f" * 32)
    assert len(text.encode()) <= MAX_METADATA_BYTES
    assert decode_window(prefix, text) == Window(prefix, done, in_flight)


def test_a_window_that_does_not_fit_is_not_cut_short() -> None:
    with pytest.raises(ValueError, match="fit"):
        encode_window(Window(0, {40_000}, {}))


def test_the_metadata_is_the_documented_json() -> None:
    window = Window(10, {12, 20}, {10: InFlight(1), 11: InFlight(2, released=True)})
    assert encode_window(window) == '{"v":1,"done":"BAQ=","flight":[[0,1,0],[1,2,1]]}'
    assert encode_window(Window(10)) == '{"v":1,"done":"","flight":[]}'
    assert encode_window(Window(10), "ab12") == '{"v":1,"done":"","flight":[],"topic":"ab12"}'


def test_metadata_tells_of_which_life_of_a_topic_it_speaks_if_it_knows() -> None:
    text = encode_window(Window(3, {5}), "ab12")
    assert decode_topic_id(text) == "ab12"
    assert decode_window(3, text) == Window(3, {5})
    for unknown in ("", "{}", "no json", "[1]", '{"topic":3}', '{"v":1,"done":"","flight":[]}'):
        assert not decode_topic_id(unknown)


def test_a_commit_without_metadata_is_a_window_with_nothing_beyond_it() -> None:
    assert decode_window(7, "") == Window(7)


def test_fields_that_a_newer_writer_adds_are_ignored() -> None:
    assert decode_window(7, '{"v":1,"done":"","flight":[[0,3,0]],"host":"x"}') == Window(7, set(), {7: InFlight(3)})


@pytest.mark.parametrize(
    "metadata",
    [
        '{"v":2,"done":"","flight":[]}',
        '{"v":0}',
        '{"v":2}',
        "{}",
        "[]",
        "aiokafka",
        '{"v":1,"done":"!!","flight":[]}',
        '{"v":1,"done":"AQ==","flight":[]}',  # the prefix itself done
        '{"v":1,"done":"AgA=","flight":[[1,1,0]]}',  # done and in flight
        '{"v":1,"done":"","flight":[[-1,1,0]]}',
        '{"v":1,"done":"","flight":[[0,0,0]]}',
        '{"v":1,"done":"","flight":[[0,1]]}',
        '{"v":1,"done":"\u00e4","flight":[]}',
    ],
)
def test_an_unknown_version_or_a_stranger_s_text_is_told_apart(metadata: str) -> None:
    assert decode_window(7, metadata) is None


@given(st.text(max_size=60), PREFIXES)
def test_no_text_at_all_breaks_the_reader(metadata: str, prefix: int) -> None:
    decode_window(prefix, metadata)
    decode_window(prefix, msgspec.json.encode({"v": 1, "done": metadata, "flight": []}).decode())
