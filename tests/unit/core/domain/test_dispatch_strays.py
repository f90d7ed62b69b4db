"""A partition is taken away while jobs of it run, and comes back: to the same owner, or after another."""

import pytest
from tests.unit.core.domain.dispatching import assigned, starts

from rockseg_core.codec.commit_metadata import decode_window, encode_window
from rockseg_core.domain.dispatch import Dispatch
from rockseg_core.domain.job import RequestPosition
from rockseg_core.domain.window import InFlight, Window


def committed(dispatch: Dispatch[str]) -> Window:
    window = dispatch.window(0)
    found = decode_window(window.prefix, encode_window(window))
    assert found is not None
    return found


def revoked(*, released: bool, limit: int = 2) -> tuple[Dispatch[str], Window]:
    """One that runs the first offsets of a partition that was taken away, and what was committed of it."""
    dispatch = assigned(None, range(3), limit=limit)
    starts(dispatch)
    if released:
        dispatch.release_all()
    window = committed(dispatch)
    dispatch.revoke(0)
    if released:
        dispatch.note_released(0)
    return dispatch, window


def took_over(window: Window) -> Window:
    """What somebody else commits who starts all that is owed and vanishes."""
    other = assigned(window, range(3))
    while other.next() is not None:
        pass
    return committed(other)


@pytest.mark.parametrize("released", [True, False])
def test_a_partition_that_comes_back_adopts_what_runs(released: bool) -> None:
    dispatch, window = revoked(released=released)
    assert dispatch.partitions == []
    assert dispatch.running == set()
    assert dispatch.strays(0) == [RequestPosition(0, 0), RequestPosition(0, 1)]
    dispatch.assign(0, window, 0)
    for offset in range(3):
        dispatch.arrive(0, offset, f"record {offset}")
    assert starts(dispatch) == []
    assert dispatch.window(0).in_flight == dict.fromkeys((0, 1), InFlight(1))
    assert dispatch.finish(RequestPosition(0, 0))
    assert starts(dispatch) == [(2, 1)]


@pytest.mark.parametrize("released", [True, False])
def test_what_ended_while_its_partition_was_away_is_done(released: bool) -> None:
    dispatch, window = revoked(released=released)
    assert not dispatch.finish(RequestPosition(0, 0))
    assert dispatch.ended
    dispatch.assign(0, window, 0)
    assert not dispatch.ended
    assert dispatch.window(0).prefix == 1
    assert dispatch.window(0).running == {1}


def test_what_was_acknowledged_without_a_commit_is_done_once_the_partition_is_back() -> None:
    dispatch = assigned(None, range(2))
    starts(dispatch)
    window = committed(dispatch)
    assert dispatch.finish(RequestPosition(0, 0))
    dispatch.revoke(0)
    dispatch.note_ended([RequestPosition(0, 0)])
    dispatch.assign(0, window, 0)
    assert dispatch.window(0).prefix == 1


@pytest.mark.parametrize("released", [True, False])
def test_what_another_owner_has_counted_is_not_adopted_and_waits_for_the_stray(released: bool) -> None:
    dispatch, window = revoked(released=released, limit=1)
    dispatch.assign(0, took_over(took_over(window)), 0)
    for offset in range(3):
        dispatch.arrive(0, offset, f"record {offset}")
    assert starts(dispatch) == []  # the suspect runs here still, though not as ours
    assert not dispatch.retry(RequestPosition(0, 0))
    assert starts(dispatch) == [(0, 3 if released else 4)]


def test_the_outcome_of_a_stray_counts_though_another_owner_ran_it_too() -> None:
    dispatch, window = revoked(released=True, limit=1)
    dispatch.assign(0, took_over(window), 0)
    assert dispatch.finish(RequestPosition(0, 0))
    assert dispatch.window(0).prefix == 1


def test_a_stray_that_fails_or_was_never_taken_is_left_to_the_owner() -> None:
    dispatch, window = revoked(released=True)
    assert not dispatch.retry(RequestPosition(0, 0))
    dispatch.put_back(RequestPosition(0, 1))
    assert dispatch.strays(0) == []
    dispatch.assign(0, window, 0)
    for offset in range(2):
        dispatch.arrive(0, offset, f"record {offset}")
    assert starts(dispatch) == [(0, 1), (1, 1)]


def test_offsets_that_begin_anew_are_not_those_of_what_ended() -> None:
    dispatch, _ = revoked(released=False)
    dispatch.finish(RequestPosition(0, 0))
    dispatch.finish(RequestPosition(0, 1))
    dispatch.forget_ended(0)
    dispatch.assign(0, Window(), 0)
    for offset in range(2):
        dispatch.arrive(0, offset, f"record {offset}")
    assert starts(dispatch) == [(0, 1), (1, 1)]
