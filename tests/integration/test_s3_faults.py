"""What a client and a worker see of a store that hangs, drips, resets and ends in the middle."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import psutil
import pytest
from tests.integration.s3_shaky import (
    DENIED,
    MEGABYTE,
    NOT_FOUND,
    PNG,
    QUICK,
    Shaky,
    Stopwatch,
    denying,
    s3_threads,
    shaky_store,
)
from tests.real.s3_server import MinioProcess, S3Server
from tests.real.toxiproxy import Proxy

from rockseg_core.adapters.s3 import API_PROFILE, WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.adapters.s3.store import DENIED_PUTS
from rockseg_core.domain.errors import ObjectMissingError, RocksegError, StoreBusyError, StoreUnavailableError


@pytest.fixture
async def shaky(s3_server: S3Server, s3_bucket: str, proxy_to: Callable[[str], Proxy]) -> AsyncIterator[Shaky]:
    async with shaky_store(s3_server, s3_bucket, proxy_to(s3_server.address)) as shaky:
        yield shaky


@pytest.fixture(params=["plain", "tls"])
def either_server(request: pytest.FixtureRequest) -> S3Server:
    """A socket that is shut under TLS must wake its thread as a plain one does."""
    if request.param == "plain":
        return request.getfixturevalue("s3_server")
    return request.getfixturevalue("minio_tls").server


async def test_a_store_that_hangs_is_given_up_within_five_seconds_under_the_profile_of_the_api(
    s3_server: S3Server, s3_bucket: str, proxy_to: Callable[[str], Proxy]
) -> None:
    async with shaky_store(s3_server, s3_bucket, proxy_to(s3_server.address), API_PROFILE) as shaky:
        await shaky.store.put("jobs/a", b"before", PNG)
        shaky.proxy.hang()
        watch = Stopwatch()
        with pytest.raises(StoreUnavailableError):
            await shaky.store.put("jobs/a", MEGABYTE, PNG)
        assert watch.seconds < 5.0


async def test_a_thousand_calls_to_a_hanging_store_take_no_thread_more_than_there_are_slots(
    s3_server: S3Server, s3_bucket: str, proxy_to: Callable[[str], Proxy]
) -> None:
    async with shaky_store(s3_server, s3_bucket, proxy_to(s3_server.address), API_PROFILE) as shaky:
        shaky.proxy.hang()
        watch = Stopwatch()
        calls = (shaky.store.put(f"jobs/{number}", b"x", PNG) for number in range(1000))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert watch.seconds < 8.0  # two times what one alone may take: a thousand share two cores
        assert Counter(type(answer) for answer in answers) == {StoreBusyError: 984, StoreUnavailableError: 16}
        assert s3_threads() == 16
        shaky.proxy.heal()
        await asyncio.gather(*(shaky.store.put(f"jobs/{number}", b"x", PNG) for number in range(16)))
    assert s3_threads() == 0


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
async def test_a_put_that_is_reset_says_so_and_what_was_there_stays(shaky: Shaky, stream: str) -> None:
    await shaky.store.put("jobs/a", b"before", PNG)
    shaky.proxy.add("reset_peer", stream, timeout=0)
    with pytest.raises(StoreUnavailableError):
        await shaky.store.put("jobs/a", MEGABYTE, PNG)
    assert await shaky.steady.get("jobs/a") in {b"before", MEGABYTE}  # an answer may be what was lost
    shaky.proxy.heal()
    await shaky.store.put("jobs/a", b"after", PNG)
    assert await shaky.steady.get("jobs/a") == b"after"


async def test_a_put_cut_in_the_middle_leaves_no_object_and_no_half_of_one(shaky: Shaky) -> None:
    shaky.proxy.cut_after(300_000, "upstream")
    with pytest.raises(StoreUnavailableError):
        await shaky.store.put("jobs/a", MEGABYTE, PNG)
    assert [key async for key in shaky.steady.keys("")] == []
    with pytest.raises(ObjectMissingError):
        await shaky.steady.get("jobs/a")


async def test_a_get_cut_in_the_middle_is_no_short_photo(shaky: Shaky) -> None:
    await shaky.store.put("jobs/a", MEGABYTE, PNG)
    shaky.proxy.cut_after(300_000)
    with pytest.raises(StoreUnavailableError):
        await shaky.store.get("jobs/a")
    shaky.proxy.heal()
    assert await shaky.store.get("jobs/a") == MEGABYTE


async def test_a_store_that_drips_is_left_after_the_total_and_its_thread_with_it(
    either_server: S3Server, proxy_to: Callable[[str], Proxy]
) -> None:
    proxy = proxy_to(either_server.address)
    with either_server.bucket() as bucket:
        async with shaky_store(either_server, bucket, proxy, ROCKSEG_S3_CONNECTIONS="1") as shaky:
            await shaky.steady.put("jobs/a", MEGABYTE, PNG)
            proxy.slow(50)  # kilobytes a second: twenty seconds for the whole, and never a stall
            watch = Stopwatch()
            with pytest.raises(StoreUnavailableError):
                await shaky.store.get("jobs/a")
            assert QUICK.total_seconds <= watch.seconds < QUICK.total_seconds + 2.0
            assert await shaky.store.exists("jobs/a")  # the only slot is free again, long before the drip ends


async def test_a_worker_fetches_over_a_slow_link_as_long_as_bytes_move(
    s3_server: S3Server, s3_bucket: str, proxy_to: Callable[[str], Proxy]
) -> None:
    profile = replace(WORKER_PROFILE, stall_seconds=1.0, total_seconds=1.0, tries=1)
    proxy = proxy_to(s3_server.address)
    async with shaky_store(s3_server, s3_bucket, proxy, profile) as shaky:
        await shaky.store.put("jobs/a", MEGABYTE * 3, PNG)
        proxy.slow(1000)
        watch = Stopwatch()
        assert await shaky.store.get("jobs/a") == MEGABYTE * 3
        assert watch.seconds > 2 * profile.total_seconds
        proxy.heal()
        proxy.hang()
        watch = Stopwatch()
        with pytest.raises(StoreUnavailableError) as caught:
            await shaky.store.get("jobs/a")
        assert watch.seconds < 5.0
        assert caught.value.reason == "timed_out"


async def test_one_404_that_the_list_gainsays_is_an_outage_and_no_object_that_is_gone(
    s3_server: S3Server, s3_bucket: str
) -> None:
    """As a gateway gives one while it starts."""
    async with denying(s3_server, "HEAD", NOT_FOUND) as address:
        store = S3Store(s3_settings(s3_server.through(address).environ(s3_bucket)), API_PROFILE)
        await store.put("jobs/a", b"x", PNG)
        await store.put("jobs/a-longer-name", b"x", PNG)
        with pytest.raises(StoreUnavailableError) as caught:
            await store.exists("jobs/a")
        assert caught.value.reason == "listed_not_found"
        assert await store.exists("jobs/a")
        assert not await store.exists("jobs/a-")  # the list has what begins so, and not this
        await store.close()


async def test_a_put_that_a_neighbours_deletion_denies_is_asked_for_again_and_one_that_stays_denied_is_told(
    s3_server: S3Server, s3_bucket: str
) -> None:
    """As MinIO denies one whose folder goes as it is made."""
    for times, there in ((DENIED_PUTS - 1, True), (DENIED_PUTS, False)):
        async with denying(s3_server, "PUT", DENIED, times) as address:
            store = S3Store(s3_settings(s3_server.through(address).environ(s3_bucket)), API_PROFILE)
            key = f"jobs/denied-{times}"
            if there:
                await store.put(key, MEGABYTE, PNG)
                assert await store.get(key) == MEGABYTE
            else:
                with pytest.raises(StoreUnavailableError) as caught:
                    await store.put(key, MEGABYTE, PNG)
                assert caught.value.reason == "AccessDenied"
                assert not await store.exists(key)
            await store.close()


async def test_a_slow_upload_that_moves_is_no_stall(
    s3_server: S3Server, s3_bucket: str, proxy_to: Callable[[str], Proxy]
) -> None:
    """urllib3 alone would give the whole upload the time-out of one connect."""
    profile = replace(API_PROFILE, connect_seconds=0.5, stall_seconds=1.5, total_seconds=20.0)
    proxy = proxy_to(s3_server.address)
    async with shaky_store(s3_server, s3_bucket, proxy, profile) as shaky:
        proxy.slow(10_000, "upstream")
        watch = Stopwatch()
        await shaky.store.put("jobs/a", MEGABYTE * 20, PNG)
        assert watch.seconds > profile.stall_seconds
        assert await shaky.steady.get("jobs/a") == MEGABYTE * 20


async def test_a_store_that_stands_still_for_a_moment_in_an_upload_is_waited_for(own_minio: MinioProcess) -> None:
    """A disk that syncs stops the reader: longer than a connect may take, and shorter than a stall."""
    profile = replace(API_PROFILE, connect_seconds=0.3, total_seconds=30.0)
    with own_minio.server.bucket() as bucket:
        store = S3Store(s3_settings(own_minio.server.environ(bucket)), profile)
        own_minio.process.pause()
        asyncio.get_running_loop().call_later(1.0, own_minio.process.go_on)
        try:
            await store.put("jobs/a", MEGABYTE * 64, PNG)
        finally:
            own_minio.process.go_on()
        assert await store.exists("jobs/a")
        await store.close()


async def test_a_caller_that_goes_away_takes_its_call_along(
    either_server: S3Server, proxy_to: Callable[[str], Proxy]
) -> None:
    proxy = proxy_to(either_server.address)
    profile = replace(QUICK, stall_seconds=30.0)
    with either_server.bucket() as bucket:
        async with shaky_store(either_server, bucket, proxy, profile, ROCKSEG_S3_CONNECTIONS="1") as shaky:
            await shaky.store.put("jobs/a", b"x", PNG)
            proxy.hang()
            for _ in range(5):  # were the thread still waiting, the second would find no slot: StoreBusyError
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(profile.slot_seconds * 2):
                        await shaky.store.get("jobs/a")
            proxy.heal()
            assert await shaky.store.get("jobs/a") == b"x"


async def test_a_store_that_refuses_connections_is_away_at_once(shaky: Shaky) -> None:
    shaky.proxy.cut()
    watch = Stopwatch()
    for call in (
        shaky.store.put("a", b"x", PNG),
        shaky.store.get("a"),
        shaky.store.exists("a"),
        shaky.store.delete("a"),
    ):
        with pytest.raises(StoreUnavailableError):
            await call
    with pytest.raises(StoreUnavailableError):
        await anext(shaky.store.keys(""))
    assert watch.seconds < 2.0
    assert shaky.faults == ["connection"] * 5


async def test_a_store_that_comes_back_is_met_again_by_the_very_first_call(own_minio: MinioProcess) -> None:
    """One try must do: connections that died while they lay idle are noticed before they are used."""
    with own_minio.server.bucket() as bucket:
        store = S3Store(s3_settings(own_minio.server.environ(bucket)), API_PROFILE)
        await asyncio.gather(*(store.put(f"jobs/{number}", b"x", PNG) for number in range(16)))
        own_minio.process.kill()
        with pytest.raises(StoreUnavailableError):
            await store.put("jobs/a", b"x", PNG)
        await asyncio.to_thread(own_minio.start)
        assert await store.get("jobs/3") == b"x"  # acknowledged before the kill
        await asyncio.gather(*(store.delete(f"jobs/{number}") for number in range(16)))
        await store.close()


async def test_a_missing_bucket_is_an_outage_and_not_a_thousand_photos_that_are_gone(s3_server: S3Server) -> None:
    faults: list[str] = []
    settings = s3_settings(s3_server.environ("rockseg-test-was-never-made"))
    store = S3Store(settings, QUICK, on_fault=faults.append)
    for call in (store.put("a", b"x", PNG), store.get("a"), store.exists("a"), store.delete("a")):
        with pytest.raises(StoreUnavailableError):
            await call
    with pytest.raises(StoreUnavailableError):
        await anext(store.keys(""))
    assert faults[0] == "NoSuchBucket"
    await store.close()


async def test_no_sentence_holds_an_address_a_key_or_a_bucket(
    shaky: Shaky, s3_server: S3Server, s3_bucket: str
) -> None:
    failed: list[RocksegError] = []
    for break_it in (shaky.proxy.hang, shaky.proxy.reset, shaky.proxy.cut):
        break_it()
        with pytest.raises(StoreUnavailableError) as caught:
            await shaky.store.get("jobs/a")
        failed.append(caught.value)
        shaky.proxy.heal()
    for error in failed:
        assert error.sentence.endswith(".")
        for told in (s3_server.address, shaky.proxy.address, "127.0.0.1", s3_server.secret_key, s3_bucket, "jobs/a"):
            assert told not in str(error)


async def test_a_closed_store_says_so_and_leaves_neither_thread_nor_descriptor(either_server: S3Server) -> None:
    with either_server.bucket() as bucket:
        before = psutil.Process().num_fds()
        store = S3Store(s3_settings(either_server.environ(bucket)), QUICK)
        for _ in range(5):
            await asyncio.gather(*(store.put(f"jobs/{number}", b"x", PNG) for number in range(16)))
        assert before < psutil.Process().num_fds() <= before + 16
        await store.close()
        assert s3_threads() == 0
        assert psutil.Process().num_fds() <= before
        with pytest.raises(StoreUnavailableError):
            await store.get("jobs/a")
