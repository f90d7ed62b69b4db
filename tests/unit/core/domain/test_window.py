from hypothesis import given
from hypothesis import strategies as st

from rockseg_core.domain.window import InFlight, Window


def started(*offsets: int, prefix: int = 0) -> Window:
    window = Window(prefix)
    for offset in offsets:
        assert window.start(offset) == 1
    return window


@given(st.permutations(range(12)))
def test_in_whatever_order_all_is_finished_the_prefix_ends_beyond_it(order: list[int]) -> None:
    window = started(*range(12))
    for offset in order:
        window.finish(offset)
        assert all(done > window.prefix for done in window.done)
    assert window == Window(12)


def test_the_prefix_moves_only_over_what_is_done() -> None:
    window = started(0, 1, 2)
    window.finish(1)
    assert (window.prefix, window.done) == (0, {1})
    window.finish(0)
    assert (window.prefix, window.done) == (2, set())


def test_what_was_never_started_cannot_be_finished() -> None:
    window = started(0)
    window.finish(3)
    assert (window.prefix, window.done) == (0, set())


def test_a_new_owner_counts_an_attempt_of_what_ran_and_none_of_what_was_released() -> None:
    window = started(0, 1)
    window.release(1)
    window.take_over()
    assert list(window.owed()) == [(0, 2), (1, 1)]
    assert window.running == set()


def test_a_take_over_that_started_nothing_leaves_the_counts_to_the_next() -> None:
    window = started(0)
    window.take_over()
    committed = Window(window.prefix, set(window.done), dict(window.in_flight))
    committed.take_over()
    assert list(committed.owed()) == [(0, 2)]


def test_a_retry_is_owed_with_the_next_attempt_and_outlives_its_owner() -> None:
    window = started(0, 1)
    window.retry(0)
    assert list(window.owed()) == [(0, 2)]
    assert window.running == {1}
    window.take_over()
    assert list(window.owed()) == [(0, 2), (1, 2)]
    assert window.start(0) == 2


def test_what_was_named_and_put_back_keeps_its_attempt() -> None:
    window = started(0)
    window.retry(0)
    window.start(0)
    window.put_back(0)
    assert (window.is_owed(0), window.attempt_of(0), window.in_flight[0]) == (True, 2, InFlight(2, released=True))


def test_what_retention_took_is_done() -> None:
    window = started(0, 3, 6)
    window.finish(3)
    window.retry(0)
    window.skip_to(3)
    assert (window.prefix, window.done, window.in_flight) == (4, set(), {6: InFlight(1)})
    assert list(window.owed()) == []
    window.skip_to(2)
    assert window.prefix == 4


def test_an_offset_is_new_until_it_was_named_or_done() -> None:
    window = started(5, 6, prefix=5)
    window.finish(6)
    assert [offset for offset in range(9) if window.is_new(offset)] == [7, 8]
