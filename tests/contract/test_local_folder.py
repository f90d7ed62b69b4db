import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.examples import a_request
from tests.contract.log_parts import soon

from rockseg_core.adapters.local import LocalData
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import (
    DataFolderBusyError,
    LogUnavailableError,
    SettingsError,
    StoreUnavailableError,
)
from rockseg_core.testing import FakeClock

HOLDER = """
import sys
from pathlib import Path
from rockseg_core.adapters.local import LocalData
from rockseg_core.domain.clock import SystemClock
LocalData.open(Path(sys.argv[1]), clock=SystemClock())
print("open", flush=True)
sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_new_folder_is_its_owner_s_alone(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path / "deep" / "data", clock=FakeClock())
    assert stat.S_IMODE((tmp_path / "deep" / "data").stat().st_mode) == 0o700
    await data.close()


async def test_a_folder_in_use_is_refused_and_free_again_after_the_close(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    with pytest.raises(DataFolderBusyError):
        LocalData.open(tmp_path, clock=FakeClock())
    await data.close()
    await LocalData.open(tmp_path, clock=FakeClock()).close()


async def test_a_killed_owner_leaves_no_lock(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"open\n"
    with pytest.raises(DataFolderBusyError):
        LocalData.open(tmp_path, clock=FakeClock())
    holder.send_signal(signal.SIGKILL)
    await holder.wait()
    await LocalData.open(tmp_path, clock=FakeClock()).close()


async def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    await LocalData.open(tmp_path, clock=FakeClock()).close()
    with sqlite3.connect(tmp_path / "log.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    for _ in range(2):  # and the lock is free again after the refusal
        with pytest.raises(SettingsError, match="newer"):
            LocalData.open(tmp_path, clock=FakeClock())


async def test_a_file_that_is_no_log_is_a_log_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite3").write_bytes(b"no database" * 500)
    for _ in range(2):
        with pytest.raises(LogUnavailableError):
            LocalData.open(tmp_path, clock=FakeClock())


async def test_what_a_put_left_half_written_is_removed_at_the_next_opening(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    await data.store.put("jobs/a", b"whole", "image/png")
    left = tmp_path / "objects" / "~incoming" / "0123"
    left.write_bytes(b"half")
    assert [key async for key in data.store.keys("")] == ["jobs/a"]
    await data.close()
    data = LocalData.open(tmp_path, clock=FakeClock())
    assert not left.exists()
    assert await data.store.get("jobs/a") == b"whole"
    await data.close()


async def test_the_empty_folders_of_deleted_objects_go_too(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    await data.store.put("jobs/acme/1/photo", b"x", "image/png")
    await data.store.put("jobs/acme/2/photo", b"x", "image/png")
    await data.store.delete("jobs/acme/1/photo")
    assert names(tmp_path / "objects" / "jobs" / "acme") == ["2"]
    await data.store.delete("jobs/acme/2/photo")
    assert names(tmp_path / "objects") == ["~incoming"]
    await data.store.put("jobs/acme/1/photo", b"y", "image/png")
    assert await data.store.get("jobs/acme/1/photo") == b"y"
    await data.close()


async def test_a_folder_removed_by_hand_is_made_again(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    await data.store.put("jobs/acme/photo", b"x", "image/png")
    (tmp_path / "objects/jobs/acme/photo").unlink()
    (tmp_path / "objects/jobs/acme").rmdir()
    await data.store.put("jobs/acme/photo", b"y", "image/png")
    assert await data.store.get("jobs/acme/photo") == b"y"
    await data.close()


async def test_a_put_that_loses_its_new_folder_to_a_delete_makes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    folders = data.store._folders
    make, losses = folders.make, 3

    def make_and_lose(path: Path) -> None:
        nonlocal losses
        make(path)
        if losses:
            losses -= 1
            folders.remove_empty(path)

    monkeypatch.setattr(folders, "make", make_and_lose)
    await data.store.put("jobs/acme/photo", b"x", "image/png")
    assert losses == 0
    assert await data.store.get("jobs/acme/photo") == b"x"
    await data.close()


async def test_an_error_of_the_file_system_is_a_store_that_is_away(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    await data.store.put("jobs/a", b"x", "image/png")
    with pytest.raises(StoreUnavailableError):
        await data.store.put("jobs/a/b", b"x", "image/png")  # a file cannot be a folder as well
    assert names(tmp_path / "objects" / "~incoming") == []
    await data.close()


async def test_after_the_close_every_call_says_that_it_is_away(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    following = asyncio.ensure_future(anext(data.feed.follow({})))
    receiving = asyncio.ensure_future(data.deliveries().receive())
    await data.feed.extents(0)
    await data.close()
    assert await soon(receiving) is None
    with pytest.raises(LogUnavailableError):
        await soon(following)
    with pytest.raises(LogUnavailableError):
        await data.log.publish_request(a_request())
    with pytest.raises(LogUnavailableError):
        await data.feed.ends()
    with pytest.raises(LogUnavailableError):
        await data.feed.extents(0)
    with pytest.raises(StoreUnavailableError):
        await data.store.get("jobs/a")
    await data.close()


async def test_a_disk_that_went_away_is_not_taken_for_objects_that_were_deleted(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path / "data", clock=FakeClock())
    await data.store.put("jobs/t/one", b"photo", "image/png")
    objects = tmp_path / "data" / "objects"
    objects.rename(tmp_path / "elsewhere")
    objects.mkdir()  # the mount point that an unmounted disk leaves
    for call in (data.store.get("jobs/t/one"), data.store.exists("jobs/t/one"), data.store.delete("jobs/t/one")):
        with pytest.raises(StoreUnavailableError):
            await call
    with pytest.raises(StoreUnavailableError):
        _ = [key async for key in data.store.keys("jobs/")]

    objects.rmdir()
    (tmp_path / "elsewhere").rename(objects)
    assert await data.store.get("jobs/t/one") == b"photo"
    assert not await data.store.exists("jobs/t/two")
    await data.close()


async def test_an_object_its_name_and_its_folders_are_synced_before_a_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    synced: list[int] = []
    renamed: list[int] = []
    fsync, replace = os.fsync, Path.replace

    def spy_fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def spy_replace(path: Path, target: Path) -> Path:
        renamed.append(len(synced))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(Path, "replace", spy_replace)
    await data.store.put("jobs/t/one/photo.png", b"photo", "image/png")

    photo = tmp_path / "objects" / "jobs" / "t" / "one" / "photo.png"
    assert photo.stat().st_ino in synced[: renamed[0]]
    after = synced[renamed[0] :]
    for folder in (photo.parent, *list(photo.parents)[1:4]):  # one, t, jobs, objects
        assert folder.stat().st_ino in after, folder
    await data.close()


async def test_objects_that_nobody_knows_any_more_go_by_their_age_at_the_next_opening(tmp_path: Path) -> None:
    clock = SystemClock()
    data = LocalData.open(tmp_path, clock=clock, object_prefix="site/")
    keys = [
        "site/jobs/t/old/photo.png",
        "site/jobs/t/new/photo.png",
        "site/models/current.json",
        "jobs/t/old/photo.png",
    ]
    for key in keys:
        await data.store.put(key, b"bytes", "")
    await data.close()
    written = clock.now() - 9 * 24 * 3600
    for key in (keys[0], *keys[2:]):
        os.utime(tmp_path / "objects" / key, (written, written))

    data = LocalData.open(tmp_path, clock=clock, object_prefix="site/")
    async with asyncio.timeout(30):
        while await data.store.exists(keys[0]):  # noqa: ASYNC110 - a thread's work, of which no event tells
            await asyncio.sleep(0.01)
    assert [await data.store.exists(key) for key in keys[1:]] == [True, True, True]
    await data.close()


async def test_a_close_that_was_given_up_can_be_called_again_and_lets_the_folder_go(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=FakeClock())
    source = data.deliveries()
    receiving = asyncio.create_task(source.receive())
    await asyncio.sleep(0)
    closing = asyncio.create_task(source.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    assert await receiving is None

    await data.close()

    await LocalData.open(tmp_path, clock=FakeClock()).close()
