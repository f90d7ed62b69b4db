from collections.abc import Sequence

import pytest
from tests.unit.core.domain.dispatching import LIMIT, assigned, starts

from rockseg_core.codec.commit_metadata import encode_window
from rockseg_core.domain.dispatch import MAX_WINDOW, Dispatch
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.window import MAX_SPAN, InFlight, Window


def crashed(*running: int, done: Sequence[int] = ()) -> Window:
    window = Window()
    for offset in (*running, *done):
        window.start(offset)
    for offset in done:
        window.finish(offset)
    return window


def test_a_window_holds_between_one_and_its_most() -> None:
    for limit in (0, MAX_WINDOW + 1):
        with pytest.raises(ValueError, match="window"):
            Dispatch[str](limit)


def test_what_is_done_is_passed_over_when_it_is_fetched_again() -> None:
    dispatch = assigned(crashed(0, done=[1, 2]), range(5))
    assert starts(dispatch) == [(0, 2)]
    dispatch.finish(RequestPosition(0, 0))
    assert starts(dispatch) == [(3, 1), (4, 1)]


def test_a_suspect_that_has_not_been_fetched_yet_holds_up_nobody_and_runs_alone_once_it_is() -> None:
    dispatch = assigned(crashed(0, 4), [])
    dispatch.arrive(0, 0, "record 0")
    assert starts(dispatch) == [(0, 2)]
    dispatch.finish(RequestPosition(0, 0))
    dispatch.arrive(0, 1, "record 1")
    assert starts(dispatch) == [(1, 1)]
    for offset in (2, 3, 4):
        dispatch.arrive(0, offset, f"record {offset}")
    assert starts(dispatch) == []
    dispatch.finish(RequestPosition(0, 1))
    assert starts(dispatch) == [(4, 2)]


def test_a_gap_in_the_log_holds_nothing_up() -> None:
    dispatch = assigned(None, [0, 3, 4])
    assert starts(dispatch) == [(0, 1), (3, 1), (4, 1)]
    for offset in (4, 3, 0):
        dispatch.finish(RequestPosition(0, offset))
    assert dispatch.window(0).prefix == 5


def test_records_behind_a_gap_that_nobody_has_looked_into_are_refused_and_nothing_of_it_is_done() -> None:
    dispatch = assigned(None, [0])
    assert starts(dispatch) == [(0, 1)]
    assert not dispatch.arrive(0, 5, "record 5")
    assert not dispatch.arrive(0, 5, "record 5", since=2)  # what stood at 1 may have been lost on its way
    dispatch.finish(RequestPosition(0, 0))
    assert (dispatch.window(0), dispatch.position(0)) == (Window(1), 1)
    assert starts(dispatch) == []
    for offset in (1, 5):
        assert dispatch.arrive(0, offset, f"record {offset}", since=1)
    assert starts(dispatch) == [(1, 1), (5, 1)]


def test_a_gap_of_any_length_is_done_once_all_before_it_is() -> None:
    dispatch = assigned(None, [0, 1, MAX_SPAN * 2])
    assert starts(dispatch) == [(0, 1), (1, 1)]
    dispatch.finish(RequestPosition(0, 1))
    assert len(encode_window(dispatch.window(0))) < 100
    dispatch.finish(RequestPosition(0, 0))
    assert dispatch.window(0).prefix == MAX_SPAN * 2
    assert starts(dispatch) == [(MAX_SPAN * 2, 1)]


def test_a_record_that_stands_for_many_is_all_of_them_once_it_is_done() -> None:
    dispatch = assigned(None, [0])
    assert dispatch.arrive(0, 1, "record 1", end=100)
    assert dispatch.position(0) == 100
    assert dispatch.arrive(0, 100, "record 100")
    assert starts(dispatch) == [(0, 1), (1, 1), (100, 1)]
    for offset in (0, 100):
        dispatch.finish(RequestPosition(0, offset))
    assert dispatch.window(0).prefix == 1  # a new owner finds the same there
    dispatch.finish(RequestPosition(0, 1))
    assert dispatch.window(0) == Window(101)


def test_a_suspect_that_is_put_back_behind_others_lets_them_start_and_comes_again_alone() -> None:
    suspect = RequestPosition(0, 0)
    dispatch = assigned(crashed(0), range(100), limit=1)
    offset, befores = 1, []
    assert starts(dispatch) == [(0, 2)]
    for _ in range(3):
        assert dispatch.put_back(suspect, behind=True)
        assert dispatch.window(0).in_flight == {0: InFlight(2, released=True)}
        before = 0
        while (start := dispatch.next()) is not None and start.position != suspect:
            assert dispatch.next() is None
            assert (start.position.offset, start.attempt) == (offset, 1)
            offset, before = offset + 1, before + 1
            dispatch.finish(start.position)
        befores.append(before)
        assert start is not None
        assert start.attempt == 2
        assert dispatch.next() is None
    assert befores == [1, 2, 4]
    dispatch.finish(suspect)
    assert dispatch.window(0) == Window(8)


def test_one_on_attempt_1_that_is_put_back_behind_others_lets_them_start_and_comes_again_beside_them() -> None:
    dispatch = assigned(None, range(100), limit=2)
    assert starts(dispatch) == [(0, 1), (1, 1)]
    assert dispatch.put_back(RequestPosition(0, 0), behind=True)
    assert starts(dispatch) == [(2, 1)]
    dispatch.finish(RequestPosition(0, 1))
    assert starts(dispatch) == [(3, 1)]
    dispatch.finish(RequestPosition(0, 2))
    assert starts(dispatch) == [(0, 1)]


def test_one_that_is_put_back_behind_others_comes_again_at_once_where_no_other_waits() -> None:
    dispatch = assigned(None, range(1), limit=2)
    for _ in range(3):
        assert starts(dispatch) == [(0, 1)]
        dispatch.put_back(RequestPosition(0, 0), behind=True)


def test_those_behind_others_keep_to_the_window() -> None:
    dispatch = assigned(None, range(3), limit=2)
    for offset in (0, 1, 2):
        assert starts(dispatch) != []
        dispatch.put_back(RequestPosition(0, offset), behind=True)
    assert starts(dispatch) != []
    assert len(dispatch.running) == 2


def test_a_suspect_beyond_a_larger_former_owner_s_window_comes_to_run() -> None:
    flights = {offset: InFlight(1, released=offset != 60) for offset in range(61)}
    dispatch: Dispatch[str] = Dispatch(8)
    dispatch.assign(0, Window(0, set(), flights), 0)
    order: list[tuple[int, int]] = []
    while room := dispatch.room(0):
        for offset in range(dispatch.position(0), min(61, dispatch.position(0) + room)):
            dispatch.arrive(0, offset, f"record {offset}")
        started = starts(dispatch)
        if not started:
            break
        order += started
        for offset, _ in started:
            dispatch.finish(RequestPosition(0, offset))
    assert sorted(order) == [*((offset, 1) for offset in range(60)), (60, 2)]


def test_suspects_behind_others_come_in_turn_where_no_other_waits() -> None:
    dispatch = assigned(crashed(0, 1), range(2))
    assert starts(dispatch) == [(0, 2)]
    for put_back, follows in ((0, 1), (1, 0), (0, 1)):
        assert dispatch.put_back(RequestPosition(0, put_back), behind=True)
        assert starts(dispatch) == [(follows, 2)]


def test_a_suspect_behind_others_waits_for_what_runs() -> None:
    dispatch = assigned(crashed(0), range(2))
    assert starts(dispatch) == [(0, 2)]
    dispatch.put_back(RequestPosition(0, 0), behind=True)
    assert starts(dispatch) == [(1, 1)]
    dispatch.arrive(0, 2, "record 2")
    assert starts(dispatch) == [(2, 1)]
    dispatch.finish(RequestPosition(0, 1))
    assert starts(dispatch) == []
    dispatch.finish(RequestPosition(0, 2))
    assert starts(dispatch) == [(0, 2)]


def test_what_the_log_no_longer_has_is_owed_no_more() -> None:
    dispatch: Dispatch[str] = Dispatch(LIMIT)
    dispatch.assign(0, crashed(0, 1), 100)
    dispatch.arrive(0, 100, "record 100", since=100)
    assert starts(dispatch) == [(100, 1)]
    dispatch = assigned(crashed(0, 1), [100])
    assert starts(dispatch) == [(100, 1)]


def test_a_long_job_ends_the_starts_before_its_metadata_would_not_fit() -> None:
    dispatch = assigned(None, [0])
    assert starts(dispatch) == [(0, 1)]
    for offset in range(1, MAX_SPAN + 10):
        dispatch.arrive(0, offset, f"record {offset}")
        for started, _ in starts(dispatch):
            dispatch.finish(RequestPosition(0, started))
    assert dispatch.window(0).prefix == 0
    assert max(dispatch.window(0).done) == MAX_SPAN - 1
    encode_window(dispatch.window(0))
    dispatch.finish(RequestPosition(0, 0))
    assert starts(dispatch) == [(MAX_SPAN, 1), (MAX_SPAN + 1, 1), (MAX_SPAN + 2, 1)]


def test_partitions_take_turns() -> None:
    dispatch: Dispatch[str] = Dispatch(LIMIT)
    for partition in (0, 1, 2):
        dispatch.assign(partition, Window(), 0)
        for offset in range(3):
            dispatch.arrive(partition, offset, "")
    found = [dispatch.next() for _ in range(6)]
    assert [start.position.partition for start in found if start] == [0, 1, 2, 0, 1, 2]


def test_what_is_not_ours_is_neither_finished_nor_tried_again() -> None:
    dispatch = assigned(None, [0])
    assert not dispatch.finish(RequestPosition(0, 0))
    assert not dispatch.finish(RequestPosition(9, 0))
    assert not dispatch.retry(RequestPosition(0, 0))
    assert starts(dispatch) == [(0, 1)]


def test_retention_under_a_worker_skips_what_waits_and_lets_what_runs_end() -> None:
    dispatch = assigned(None, range(6), limit=2)
    assert starts(dispatch) == [(0, 1), (1, 1)]
    dispatch.skip_to(0, 5)
    assert dispatch.window(0).prefix == 5
    assert starts(dispatch) == [(5, 1)]
    assert not dispatch.finish(RequestPosition(0, 0))
    assert not dispatch.finish(RequestPosition(0, 1))
    assert dispatch.retry(RequestPosition(0, 5))
    assert starts(dispatch) == [(5, 2)]


def test_losing_what_one_does_not_have_harms_nothing() -> None:
    dispatch = assigned(None, [0])
    dispatch.revoke(3)
    dispatch.note_released(3)
    assert starts(dispatch) == [(0, 1)]
