import asyncio

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from rockseg_core.domain.errors import LogUnavailableError, StoreUnavailableError
from rockseg_core.testing.clock import FakeClock
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.patience import HurriedError, OutOfTimeError, Patience, TiredError
from rockseg_inference.settings import WorkerSettings


class Flaky:
    """Fails so many times, then answers."""

    def __init__(self, failures: int) -> None:
        self.left = failures

    async def __call__(self) -> str:
        if self.left:
            self.left -= 1
            error = StoreUnavailableError("It refused.")
            error.reason = "AccessDenied"
            raise error
        return "there"


class Waiting:
    def __init__(self, jitter: float = 1.0) -> None:
        self.clock, self.naps, self.registry = FakeClock(0.0), list[float](), CollectorRegistry()
        limits = WorkerSettings(backoff_first_seconds=1, backoff_most_seconds=5)
        self.patience = Patience(
            self.clock, limits, WorkerMetrics(self.registry), sleep=self.nap, jitter=lambda: jitter
        )

    async def nap(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.clock.advance(seconds)


async def test_waits_double_up_to_the_longest() -> None:
    waiting = Waiting()
    assert await waiting.patience("get", Flaky(5)) == "there"
    assert waiting.naps == [1, 2, 4, 5, 5]


async def test_jitter_takes_up_to_half_of_a_wait() -> None:
    waiting = Waiting(jitter=0.0)
    await waiting.patience("get", Flaky(2))
    assert waiting.naps == [0.5, 1.0]


async def test_the_end_of_a_jobs_time_ends_the_wait_and_no_nap_goes_beyond_it() -> None:
    waiting = Waiting()
    with pytest.raises(OutOfTimeError):
        await waiting.patience("get", Flaky(99), until=4.0)
    assert waiting.naps == [1, 2, 1]


async def test_what_a_step_raises_otherwise_passes_at_once() -> None:
    async def bug() -> None:
        raise KeyError

    waiting = Waiting()
    with pytest.raises(KeyError):
        await waiting.patience("get", bug)
    assert waiting.naps == []


async def test_a_hurried_worker_tries_once_and_waits_for_nothing() -> None:
    waiting = Waiting()
    waiting.patience.hurry()
    assert await waiting.patience("get", Flaky(0)) == "there"
    with pytest.raises(HurriedError):
        await waiting.patience("get", Flaky(1))
    assert waiting.naps == []


async def test_hurry_ends_a_wait_that_has_begun() -> None:
    async def for_ever(_seconds: float) -> None:
        await asyncio.Event().wait()

    metrics = WorkerMetrics(CollectorRegistry())
    patience = Patience(FakeClock(), WorkerSettings(), metrics, sleep=for_ever)
    waiting = asyncio.ensure_future(patience("publish", _away))
    await asyncio.sleep(0)
    patience.hurry()
    async with asyncio.timeout(5):
        with pytest.raises(HurriedError):
            await waiting


async def _away() -> None:
    raise LogUnavailableError


async def test_each_failed_try_is_counted_by_step_and_code() -> None:
    waiting = Waiting()
    await waiting.patience("put", Flaky(3))
    labels = {"step": "put", "code": "store_unavailable"}
    assert waiting.registry.get_sample_value("rockseg_worker_transient_faults_total", labels) == 3


async def test_a_step_that_may_not_wait_for_long_gives_up_and_others_wait_on() -> None:
    waiting = Waiting()
    with waiting.patience.limited(3.0), pytest.raises(TiredError):
        await waiting.patience("get", Flaky(99))
    assert waiting.naps == [1, 2]
    assert await waiting.patience("get", Flaky(4)) == "there"


async def test_a_step_that_waits_is_warned_of_at_once_and_every_minute_and_its_end_is_said() -> None:
    waiting = Waiting()
    with capture_logs() as lines:
        await waiting.patience("fetch", Flaky(30))  # 1, 2, 4, 5, 5 … seconds apart
        await waiting.patience("fetch", Flaky(0))
    assert [(line["log_level"], line["step"]) for line in lines] == [("warning", "fetch")] * 3 + [("info", "fetch")]
    assert (lines[0]["code"], lines[0]["reason"]) == ("store_unavailable", "AccessDenied")


async def test_many_jobs_that_wait_for_one_part_are_one_warning() -> None:
    waiting = Waiting()
    with capture_logs() as lines:
        await asyncio.gather(*(waiting.patience("put", Flaky(3)) for _ in range(9)))
    assert [line["event"] for line in lines] == ["waiting", "going on"]


async def test_a_try_that_drips_ends_with_the_job_s_time() -> None:
    async def drip() -> None:
        await asyncio.Event().wait()

    waiting = Waiting()
    with pytest.raises(OutOfTimeError):
        await waiting.patience("fetch", drip, until=0.01)


async def test_a_step_s_own_time_out_is_not_the_job_s() -> None:
    async def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Waiting().patience("fetch", late, until=60.0)
