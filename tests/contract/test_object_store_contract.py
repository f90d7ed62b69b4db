import asyncio
import os

import pytest
from tests.contract.store_parts import StorePart

from rockseg_core.domain.errors import ObjectMissingError
from rockseg_core.domain.object_key import climbs

PNG = "image/png"


async def keys(part: StorePart, prefix: str) -> set[str]:
    return {key async for key in part.store.keys(prefix)}


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
async def test_what_was_put_is_what_is_got(store_part: StorePart, size: int) -> None:
    body = os.urandom(size)
    await store_part.store.put("jobs/acme/1/mask-ab.png", body, PNG)
    assert await store_part.store.get("jobs/acme/1/mask-ab.png") == body


async def test_a_second_put_replaces_the_first(store_part: StorePart) -> None:
    await store_part.store.put("jobs/a", b"a longer body", PNG)
    await store_part.store.put("jobs/a", b"short", PNG)
    assert await store_part.store.get("jobs/a") == b"short"
    assert await keys(store_part, "") == {"jobs/a"}


async def test_an_object_that_is_not_there_says_so(store_part: StorePart) -> None:
    await store_part.store.put("jobs/acme/1/photo.jpg", b"x", PNG)
    for missing in ("nothing", "jobs/acme/2/photo.jpg", "jobs/acme/1"):
        assert not await store_part.store.exists(missing)
        with pytest.raises(ObjectMissingError):
            await store_part.store.get(missing)
    assert await store_part.store.exists("jobs/acme/1/photo.jpg")


async def test_what_was_deleted_is_gone_and_deleting_it_again_is_no_error(store_part: StorePart) -> None:
    await store_part.store.put("jobs/acme/1/photo.jpg", b"x", PNG)
    for _ in range(2):
        await store_part.store.delete("jobs/acme/1/photo.jpg")
        assert not await store_part.store.exists("jobs/acme/1/photo.jpg")
        assert await keys(store_part, "") == set()
    await store_part.store.delete("never/was/here")


async def test_keys_are_found_by_any_beginning(store_part: StorePart) -> None:
    everything = {"jobs/acme/1/photo.jpg", "jobs/acme/1/mask.png", "jobs/acme/12/photo.jpg", "models/current.json"}
    for key in everything:
        await store_part.store.put(key, b"x", PNG)
    assert await keys(store_part, "") == everything
    assert await keys(store_part, "jobs/acme/1/") == {"jobs/acme/1/photo.jpg", "jobs/acme/1/mask.png"}
    assert await keys(store_part, "jobs/acme/1") == everything - {"models/current.json"}
    assert await keys(store_part, "jobs/acme/1/ph") == {"jobs/acme/1/photo.jpg"}
    assert await keys(store_part, "jobs/acme/1/photo.jpg") == {"jobs/acme/1/photo.jpg"}
    assert await keys(store_part, "jobs/nobody/") == set()


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "a/..", "a b", "ä", "a\x00b"]
)
async def test_a_key_that_could_leave_its_place_is_refused(store_part: StorePart, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        await store_part.store.put(key, b"x", PNG)
    with pytest.raises(ValueError, match="key"):
        await store_part.store.get(key)
    with pytest.raises(ValueError, match="key"):
        await store_part.store.exists(key)
    if climbs(key):  # all else may be what a list gave
        with pytest.raises(ValueError, match="key"):
            await store_part.store.delete(key)
    assert await keys(store_part, "") == set()


async def test_many_puts_at_once_all_arrive(store_part: StorePart) -> None:
    bodies = {f"jobs/acme/{i % 7}/mask-{i}.png": str(i).encode() for i in range(60)}
    await asyncio.gather(*(store_part.store.put(key, body, PNG) for key, body in bodies.items()))
    assert {key: await store_part.store.get(key) for key in await keys(store_part, "")} == bodies


async def test_a_put_beside_the_deletion_of_its_neighbour_finds_its_place(store_part: StorePart) -> None:
    async def come_and_go(name: str) -> None:
        for _ in range(30):
            await store_part.store.put(f"jobs/acme/1/{name}", name.encode(), PNG)
            assert await store_part.store.get(f"jobs/acme/1/{name}") == name.encode()
            await store_part.store.delete(f"jobs/acme/1/{name}")

    await asyncio.gather(*(come_and_go(name) for name in ("photo", "mask", "report", "overlay")))
    assert await keys(store_part, "") == set()


async def test_a_reader_never_sees_half_of_an_object(store_part: StorePart) -> None:
    whole = {bytes([i]) * (1 << 18) for i in range(8)}
    await store_part.store.put("jobs/a", next(iter(whole)), PNG)
    writing = asyncio.gather(*(store_part.store.put("jobs/a", body, PNG) for body in whole))
    reads = 0
    while not writing.done() or reads < 3:
        assert await store_part.store.get("jobs/a") in whole
        reads += 1
    await writing


async def test_objects_outlive_the_process(lasting_store: StorePart) -> None:
    await lasting_store.store.put("jobs/acme/1/photo.jpg", b"x", PNG)
    await lasting_store.store.put("jobs/acme/2/photo.jpg", b"y", PNG)
    await lasting_store.store.delete("jobs/acme/2/photo.jpg")
    await lasting_store.reopen()
    assert await keys(lasting_store, "") == {"jobs/acme/1/photo.jpg"}
    assert await lasting_store.store.get("jobs/acme/1/photo.jpg") == b"x"
