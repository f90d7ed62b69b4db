import asyncio
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
