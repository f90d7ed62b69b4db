"""Overlays: drawn once, kept, bounded, and never left behind for a job that was erased."""

import asyncio
import time
from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.api.http.api_under_test import until
from tests.unit.api.usecases.rig import CLASSES, HEIGHT, MASK, PALETTE, WIDTH, Rig, png, rigged
from tests.unit.api.view.replicas import TENANT, Site

from rockseg_api.errors import JobGoneError, RenderBusyError, ResultMissingError
from rockseg_api.usecases.render import Patience
from rockseg_api.view.reading import Reading
from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.overlay import LegendEntry, render_overlay


def drawn(weight: float, *, legend: bool) -> bytes:
    """What the overlay of the rig's photo and mask must be, byte for byte."""
    entries = [LegendEntry(index=index, name=name, rgb=PALETTE[index]) for index, name, _ in CLASSES]
    return render_overlay(decode_photo(png(), max_pixels=10_000), MASK, entries, weight, legend=legend)


async def reading_of(rig: Rig, **job: object) -> Reading:
    return await rig.read.status(TENANT, await rig.finished(**job))


class Gate:
    """Holds calls of the store up: `reached` when one has come, `opened` to let it go."""

    def __init__(self, rig: Rig, call: str, name: str) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self._wanted = call, name
        rig.store.hook = self

    async def __call__(self, call: str, key: str) -> None:
        wanted, name = self._wanted
        if call == wanted and name in key:
            self.reached.set()
            await self.opened.wait()


@pytest.mark.parametrize(("weight", "legend"), [(None, True), (0.25, True), (0.0, False), (1.0, False)])
async def test_an_overlay_is_the_blend_of_photo_and_mask(rig: Rig, weight: float | None, *, legend: bool) -> None:
    reading = await reading_of(rig)

    overlay = await rig.read.overlay(reading, weight=weight, legend=legend)

    assert overlay == drawn(0.5 if weight is None else weight, legend=legend)


async def test_a_weight_is_rounded_as_in_the_name_that_it_is_kept_under(rig: Rig) -> None:
    reading = await reading_of(rig)

    assert await rig.read.overlay(reading, weight=0.12345, legend=False) == drawn(0.123, legend=False)
    assert await rig.read.overlay(reading, weight=0.50049, legend=False) == drawn(0.5, legend=False)
    await rig.renderer.close()
    assert [name for name in rig.of_job(reading.job.job_id) if name.endswith("-0.500-plain.png")]


async def test_only_overlays_of_the_submitted_weight_are_kept(rig: Rig) -> None:
    reading = await reading_of(rig)
    for weight in (None, 0.5, 0.1, 0.2, 0.1):
        for legend in (True, False):
            overlay = await rig.read.overlay(reading, weight=weight, legend=legend)
            assert overlay == drawn(weight or 0.5, legend=legend)
            await asyncio.gather(*rig.renderer._tasks)

    kept = [name for name in rig.of_job(reading.job.job_id) if name.startswith("overlay-")]
    assert [name.partition("-0.")[2] for name in kept] == ["500-legend.png", "500-plain.png"]
    assert len(rig.drawn) == 2 + 6


async def test_an_overlay_is_drawn_once_and_then_comes_from_the_store(rig: Rig) -> None:
    reading = await reading_of(rig)
    first = await rig.read.overlay(reading, weight=None, legend=True)
    await asyncio.gather(*rig.renderer._tasks)
    second = await rig.read.overlay(reading, weight=None, legend=True)

    assert first == second
    assert len(rig.drawn) == 1
    assert rig.drawn[0] > 0


async def test_an_overlay_kept_by_another_replica_is_not_drawn_here(site: Site, rig: Rig) -> None:
    reading = await reading_of(rig)
    overlay = await rig.read.overlay(reading, weight=None, legend=True)
    await rig.renderer.close()
    async with rigged(site, objects=rig.objects) as there:
        assert await there.read.overlay(reading, weight=None, legend=True) == overlay
        assert not there.drawn


async def test_those_who_ask_at_once_share_one_render(rig: Rig) -> None:
    reading = await reading_of(rig)
    overlays = await asyncio.gather(
        *(rig.read.overlay(reading, weight=None, legend=True) for _ in range(20)),
        rig.read.overlay(reading, weight=0.1, legend=True),
    )

    assert len(set(overlays)) == 2
    assert len(rig.drawn) == 2


async def test_one_who_hangs_up_takes_the_picture_from_nobody(rig: Rig) -> None:
    reading = await reading_of(rig)
    gate = Gate(rig, "get", "photo-")
    waiting = [asyncio.create_task(rig.read.overlay(reading, weight=None, legend=True)) for _ in range(2)]
    await gate.reached.wait()
    waiting[0].cancel()
    gate.opened.set()

    assert await waiting[1] == drawn(0.5, legend=True)


async def test_the_answer_does_not_wait_until_the_picture_is_kept(rig: Rig) -> None:
    reading = await reading_of(rig)
    gate = Gate(rig, "put", "overlay-")
    async with asyncio.timeout(10):
        await rig.read.overlay(reading, weight=None, legend=True)
        await gate.reached.wait()
        assert await rig.read.overlay(reading, weight=None, legend=True) == drawn(0.5, legend=True)  # drawn already
    gate.opened.set()


async def test_a_picture_that_cannot_be_kept_is_shown_all_the_same(rig: Rig) -> None:
    reading = await reading_of(rig)

    async def fail(call: str, key: str) -> None:
        if call == "put" and "overlay-" in key:
            raise StoreUnavailableError

    rig.store.hook = fail
    for _ in range(2):
        assert await rig.read.overlay(reading, weight=None, legend=True) == drawn(0.5, legend=True)
        await asyncio.gather(*rig.renderer._tasks)
    assert len(rig.drawn) == 2


async def test_an_absent_store_is_no_result(rig: Rig) -> None:
    reading = await reading_of(rig)
    rig.objects.unavailable = True
    with pytest.raises(StoreUnavailableError):
        await rig.read.overlay(reading, weight=None, legend=True)
    rig.objects.unavailable = False

    assert await rig.read.overlay(reading, weight=None, legend=True)  # the failure is not kept


@pytest.mark.parametrize("moment", [("put", "overlay-"), ("put done", "overlay-"), ("get done", "photo-")])
async def test_an_overlay_of_a_job_erased_while_it_is_drawn_does_not_stay(rig: Rig, moment: tuple[str, str]) -> None:
    reading = await reading_of(rig)
    gate = Gate(rig, *moment)
    render = asyncio.create_task(rig.read.overlay(reading, weight=None, legend=True))
    await gate.reached.wait()
    erasure = asyncio.create_task(rig.erase(TENANT, reading.job.job_id))
    await erasure  # the eraser's own calls are not those that are held up
    gate.opened.set()
    await asyncio.gather(render, return_exceptions=True)
    await rig.renderer.close()

    assert not rig.objects.objects


async def test_an_overlay_that_may_have_landed_is_looked_after_as_well(rig: Rig) -> None:
    reading = await reading_of(rig)

    async def land_and_fail(call: str, key: str) -> None:
        if call == "put done" and "overlay-" in key:
            rig.store.hook = None
            await rig.erase(TENANT, reading.job.job_id)
            rig.objects.objects[key] = b"landed late"
            raise StoreUnavailableError

    rig.store.hook = land_and_fail
    await rig.read.overlay(reading, weight=None, legend=True)
    await rig.renderer.close()

    assert not rig.objects.objects


async def test_a_job_erased_before_its_photo_was_read_is_gone(rig: Rig) -> None:
    reading = await reading_of(rig)
    await rig.erase(TENANT, reading.job.job_id)
    for form in (rig.read.mask, rig.read.confidence, rig.read.report):
        with pytest.raises(JobGoneError):
            await form(reading)
    with pytest.raises(JobGoneError):
        await rig.read.overlay(reading, weight=None, legend=True)
    with pytest.raises(JobGoneError):
        await rig.read.findings(reading)


@pytest.mark.parametrize("lost", ["mask", "report"])
async def test_a_result_that_is_lost_while_the_photo_is_there_is_our_fault(rig: Rig, lost: str) -> None:
    reading = await reading_of(rig)
    await rig.objects.delete(getattr(reading.job, f"{lost}_key"))
    with pytest.raises(ResultMissingError):
        await getattr(rig.read, lost)(reading)
    with pytest.raises(ResultMissingError):
        await rig.read.overlay(reading, weight=None, legend=True)


@pytest.mark.parametrize("spoil", [lambda body: body[: len(body) // 2], lambda _: b"", lambda body: body[::-1]])
@pytest.mark.parametrize("spoilt", ["photo", "mask", "report"])
async def test_an_object_that_the_store_has_spoiled_is_our_fault_and_not_the_client_s(
    rig: Rig, spoilt: str, spoil: Callable[[bytes], bytes]
) -> None:
    reading = await reading_of(rig)
    key = getattr(reading.job, f"{spoilt}_key")
    rig.objects.objects[key] = spoil(rig.objects.objects[key])

    with pytest.raises(ResultMissingError):
        await rig.read.overlay(reading, weight=None, legend=True)


async def test_a_photo_of_another_size_than_its_mask_is_no_picture_of_it(rig: Rig) -> None:
    reading = await reading_of(rig)
    rig.objects.objects[reading.job.photo_key] = png(width=HEIGHT, height=WIDTH)

    with pytest.raises(ResultMissingError):
        await rig.read.overlay(reading, weight=None, legend=True)


async def test_when_all_renders_are_taken_another_weight_is_turned_away_within_a_second(site: Site) -> None:
    async with rigged(site, pool_workers=2) as rig:
        readings = [await reading_of(rig, shade=shade) for shade in range(3)]
        gate = Gate(rig, "get", "photo-")
        running = [asyncio.create_task(rig.read.overlay(r, weight=None, legend=True)) for r in readings[:2]]
        await gate.reached.wait()
        began = time.perf_counter()
        with pytest.raises(RenderBusyError):
            await rig.read.overlay(readings[2], weight=0.1, legend=True)
        assert time.perf_counter() - began < 1
        gate.opened.set()
        await asyncio.gather(*running)

        assert await rig.read.overlay(readings[2], weight=None, legend=True)


async def test_a_job_s_own_overlay_waits_in_line_where_another_weight_is_turned_away(site: Site) -> None:
    async with rigged(site, pool_workers=1, patience=Patience(submitted=30.0, other=0.01)) as rig:
        readings = [await reading_of(rig, shade=shade) for shade in range(5)]
        gate = Gate(rig, "get", "photo-")
        overlays = [asyncio.create_task(rig.read.overlay(r, weight=None, legend=True)) for r in readings]
        await gate.reached.wait()
        with pytest.raises(RenderBusyError):
            await rig.read.overlay(readings[0], weight=0.1, legend=True)
        gate.opened.set()

        assert len(set(await asyncio.gather(*overlays))) == 5


async def test_a_line_of_renders_has_an_end(site: Site) -> None:
    async with rigged(site, pool_workers=1, most_waiting=2) as rig:
        readings = [await reading_of(rig, shade=shade) for shade in range(4)]
        gate = Gate(rig, "get", "photo-")
        overlays = [asyncio.create_task(rig.read.overlay(readings[0], weight=None, legend=True))]
        await gate.reached.wait()
        overlays += [asyncio.create_task(rig.read.overlay(r, weight=None, legend=True)) for r in readings[1:3]]
        await until(lambda: len(rig.renderer._budget._queue) == 2)
        with pytest.raises(RenderBusyError):
            await rig.read.overlay(readings[3], weight=None, legend=True)
        gate.opened.set()
        await asyncio.gather(*overlays)


async def test_photos_that_are_large_together_are_not_drawn_together(site: Site) -> None:
    megapixel = np.zeros((1000, 1000), np.uint8)
    async with rigged(site, pool_workers=8, budget_megapixels=1, patience=Patience(0.05, 0.05)) as rig:
        large, small = await reading_of(rig, mask=megapixel), await reading_of(rig)
        gate = Gate(rig, "get", "photo-")
        first = asyncio.create_task(rig.read.overlay(large, weight=None, legend=True))
        await gate.reached.wait()
        with pytest.raises(RenderBusyError):
            await rig.read.overlay(small, weight=None, legend=True)
        gate.opened.set()
        await first


async def test_a_photo_beyond_the_whole_budget_is_drawn_alone(site: Site) -> None:
    async with rigged(site, budget_megapixels=1) as rig:
        reading = await reading_of(rig, mask=np.zeros((1100, 1000), np.uint8))

        assert await rig.read.overlay(reading, weight=None, legend=True)
