from hypothesis import given
from hypothesis import strategies as st

from rockseg_api.rate_limit import TokenBuckets


class Monotonic:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Monotonic()
    buckets = TokenBuckets(20, 40, clock)
    assert [buckets.take("a") for _ in range(40)] == [0] * 40
    assert buckets.take("a") == 1
    clock.seconds = 1.0
    assert [buckets.take("a") for _ in range(21)] == [0] * 20 + [1]


def test_each_name_has_a_bucket_of_its_own() -> None:
    buckets = TokenBuckets(1, 1, Monotonic())
    assert buckets.take("a") == 0
    assert buckets.take("a") == 1
    assert buckets.take("b") == 0


def test_a_bucket_never_holds_more_than_the_burst() -> None:
    clock = Monotonic()
    buckets = TokenBuckets(100, 3, clock)
    buckets.take("a")
    clock.seconds = 1e9
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 50), gaps=st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_in_any_time_no_more_pass_than_burst_and_rate_allow(rate: float, burst: int, gaps: list[float]) -> None:
    clock = Monotonic()
    buckets = TokenBuckets(rate, burst, clock)
    passed = 0
    for gap in gaps:
        clock.seconds += gap
        passed += buckets.take("a") == 0
    assert passed <= burst + rate * clock.seconds + 1e-6


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 50))
def test_who_waits_as_long_as_told_passes(rate: float, burst: int) -> None:
    clock = Monotonic()
    buckets = TokenBuckets(rate, burst, clock)
    while (wait := buckets.take("a")) == 0:
        pass
    clock.seconds += wait
    assert buckets.take("a") == 0
