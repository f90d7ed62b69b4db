import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.unit.api.usecases.rig import KEYS, Rig, png, rigged
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site, until

from rockseg_api.errors import JobGoneError, JobUnknownError
from rockseg_api.usecases.removal import DELETES_AT_ONCE
from rockseg_api.usecases.sweep import JOBS_AT_ONCE, MARGIN_SECONDS, PUT_OFF_SECONDS, ExpirySweep
from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.domain.job import JobOptions, JobStatus
from rockseg_core.testing.memory_store import MemoryStore

HOUR = 3600.0


@asynccontextmanager
async def sweeping(rig: Rig) -> AsyncIterator[None]:
    """While the sweep runs for ever, a pass every millisecond."""
    task = asyncio.create_task(rig.sweep.run_for_ever(interval_seconds=0.001))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()


async def test_the_objects_of_expired_jobs_are_deleted_and_no_others(rig: Rig) -> None:
    expired = [await rig.finished() for _ in range(20)]
    rig.site.clock.advance(LIFETIME_SECONDS - 1)
    assert await rig.sweep.sweep() == 0
    young = await rig.finished()
    kept = rig.of_job(young)
    rig.site.clock.advance(1)

    assert await rig.sweep.sweep() == len(expired)

    assert rig.of_job(young) == kept
    assert len(rig.objects.objects) == len(kept)
    assert await rig.sweep.sweep() == 0  # each but once


async def test_every_replica_may_sweep_the_same_jobs(site: Site) -> None:
    objects = MemoryStore()
    async with rigged(site, objects=objects) as here, rigged(site, objects=objects) as there:
        await here.finished()
        site.clock.advance(LIFETIME_SECONDS)

        assert await asyncio.gather(here.sweep.sweep(), there.sweep.sweep()) == [1, 1]
        assert not objects.objects


async def test_rows_stay_for_an_hour_and_are_dropped_then(rig: Rig) -> None:
    job_id = await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR - 1)
    await rig.sweep.sweep()
    with pytest.raises(JobGoneError):
        await rig.read.status(TENANT, job_id)
    assert rig.view._table.read(job_id) is not None
    rig.site.clock.advance(1)
    await rig.sweep.sweep()

    assert rig.view._table.read(job_id) is None
    with pytest.raises(JobUnknownError):
        await rig.read.status(TENANT, job_id)


async def test_a_row_whose_objects_could_not_be_deleted_is_kept_until_they_are(rig: Rig) -> None:
    job_id = await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR)
    rig.objects.unavailable = True
    with pytest.raises(StoreUnavailableError):
        await rig.sweep.sweep()
    rig.objects.unavailable = False
    rig.site.clock.advance(PUT_OFF_SECONDS)

    assert await rig.sweep.sweep() == 1
    assert not rig.objects.objects
    assert rig.view._table.read(job_id) is None


@pytest.mark.parametrize("seconds_late", [0, 300])
async def test_a_sweep_that_comes_late_leaves_alone_what_may_be_of_a_job_that_took_the_id_over(
    rig: Rig, seconds_late: float
) -> None:
    await rig.submit(TENANT, png(), JobOptions(), "a key")
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR + seconds_late)  # nothing was swept meanwhile
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold_up(call: str, _key: str) -> None:
        if call in {"delete", "keys"}:
            reached.set()
            await go_on.wait()

    rig.store.hook = hold_up
    sweeping = asyncio.create_task(rig.sweep.sweep())
    await asyncio.wait({sweeping, asyncio.create_task(reached.wait())}, return_when=asyncio.FIRST_COMPLETED)
    again = await rig.submit(TENANT, png(), JobOptions(), "a key")
    go_on.set()

    assert await sweeping == 0
    assert len(rig.of_job(again.job_id)) == 1  # the new job's photo, under the key of the old one
    assert (await rig.read.status(TENANT, again.job_id)).job.status is JobStatus.QUEUED


async def test_an_id_that_may_come_back_is_swept_until_shortly_before_that(rig: Rig) -> None:
    await rig.submit(TENANT, png(), JobOptions(), "a key")
    await rig.submit(TENANT, png(), JobOptions(), "another key")
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR - MARGIN_SECONDS - 1)
    assert await rig.sweep.sweep() == 2

    third = await rig.submit(TENANT, png(), JobOptions(), "a third key")
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR - MARGIN_SECONDS)
    assert await rig.sweep.sweep() == 0  # a removal that begins now might end when the id is another job's
    assert rig.of_job(third.job_id)


async def test_what_is_left_to_the_lifecycle_rule_is_looked_at_once_and_its_row_dropped(rig: Rig) -> None:
    job_id = (await rig.submit(TENANT, png(), JobOptions(), "a key")).job_id
    rig.site.clock.advance(LIFETIME_SECONDS + HOUR)

    assert await rig.sweep.sweep() == 0
    assert rig.objects.objects
    assert rig.view._table.read(job_id) is None


async def test_a_job_whose_objects_cannot_be_deleted_holds_up_no_other_and_is_tried_again(rig: Rig) -> None:
    bad = await rig.finished()
    rig.site.clock.advance(1)
    others = [await rig.finished() for _ in range(20)]
    rig.site.clock.advance(LIFETIME_SECONDS)

    async def refuse(call: str, key: str) -> None:
        if call == "delete" and str(bad) in key:
            raise StoreUnavailableError

    rig.store.hook = refuse
    assert await rig.sweep.sweep() == len(others)
    assert not any(map(rig.of_job, others))
    assert rig.of_job(bad)
    assert len(rig.failures) == 1

    rig.store.hook = None
    assert await rig.sweep.sweep() == 0
    rig.site.clock.advance(PUT_OFF_SECONDS)
    assert await rig.sweep.sweep() == 1
    assert not rig.objects.objects


async def test_jobs_that_can_never_be_swept_starve_no_other(rig: Rig) -> None:
    bad = [await rig.finished() for _ in range(2 * JOBS_AT_ONCE)]
    rig.site.clock.advance(1)
    good = await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS)

    async def refuse(call: str, key: str) -> None:
        if call == "delete" and str(good) not in key:
            raise StoreUnavailableError

    rig.store.hook = refuse
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):  # for all that a pass can tell, the store is away
            await rig.sweep.sweep()
    assert await rig.sweep.sweep() == 1
    assert not rig.of_job(good)
    assert all(map(rig.of_job, bad))


async def test_a_removal_that_hangs_is_given_up_and_put_off(rig: Rig) -> None:
    bad, good = await rig.finished(), await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS)

    async def hang(call: str, key: str) -> None:
        if call == "keys" and str(bad) in key:
            await asyncio.Event().wait()

    rig.store.hook = hang
    impatient = ExpirySweep(store=rig.store, view=rig.view, clock=rig.site.clock, keys=KEYS, removal_seconds=0.05)
    assert await impatient.sweep() == 1
    assert not rig.of_job(good)


async def test_of_one_job_s_objects_each_is_tried_before_the_job_is_put_off(rig: Rig) -> None:
    job_id = await rig.finished()
    for number in range(3 * DELETES_AT_ONCE):
        await rig.objects.put(f"{KEYS.job(TENANT, job_id)}overlay-{number}.png", b"", "")
    rig.site.clock.advance(LIFETIME_SECONDS)

    async def refuse(call: str, key: str) -> None:
        if call == "delete" and "confidence-" in key:
            raise StoreUnavailableError

    rig.store.hook = refuse
    with pytest.raises(StoreUnavailableError):
        await rig.sweep.sweep()
    assert [name.partition("-")[0] for name in rig.of_job(job_id)] == ["confidence"]


async def test_without_the_log_nothing_is_swept(site: Site) -> None:
    feed = site.feed()
    async with rigged(site, feed=feed, barrier_seconds=0.1) as rig:
        await rig.finished()
        await rig.view.barrier()
        site.clock.advance(LIFETIME_SECONDS)
        feed.away = True

        assert await rig.sweep.sweep() == 0
        assert rig.objects.objects


async def test_the_sweep_outlives_an_outage_of_the_store(rig: Rig) -> None:
    await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS)
    rig.objects.fail_next()
    async with sweeping(rig):
        await until(lambda: bool(rig.failures))
        rig.site.clock.advance(PUT_OFF_SECONDS)
        await until(lambda: not rig.objects.objects)


async def test_the_sweep_deletes_what_others_put_beside_a_job_s_objects(rig: Rig) -> None:
    folder = KEYS.job(TENANT, await rig.finished())
    rig.objects.objects |= {folder: b"", f"{folder}a copy by hand.png": b"x"}
    rig.site.clock.advance(LIFETIME_SECONDS)
    await rig.sweep.sweep()
    assert not rig.objects.objects


async def test_the_sweep_outlives_a_job_whose_objects_cannot_be_deleted_for_a_bug(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, _ = await rig.site.submit()
    delete = rig.objects.delete

    async def delete_others(key: str) -> None:
        assert key != request.photo_key
        await delete(key)

    monkeypatch.setattr(rig.objects, "delete", delete_others)
    await rig.view.barrier()
    rig.site.clock.advance(1)
    for _ in range(JOBS_AT_ONCE):
        await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS)
    async with sweeping(rig):
        await until(lambda: not rig.objects.objects)
    assert len(rig.failures) == 1


async def test_the_sweep_outlives_whatever_goes_wrong_in_a_pass(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.finished()
    rig.site.clock.advance(LIFETIME_SECONDS)
    monkeypatch.setattr(rig.view, "due", lambda _limit: 1 // 0)  # a bug
    async with sweeping(rig):
        await until(lambda: len(rig.failures) > 1)
        monkeypatch.undo()
        await until(lambda: not rig.objects.objects)
