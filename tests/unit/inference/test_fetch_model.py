"""A bundle that comes out of the bucket, for workers whose image brings none."""

import subprocess
import sys
from pathlib import Path

import pytest

from rockseg_core.codec.bundle import decode_manifest
from rockseg_core.domain.errors import BundleError
from rockseg_core.testing.memory_store import MemoryStore
from rockseg_inference.fetch_model import fetch_bundle

REFERENCE = Path(__file__).parents[3] / "models" / "reference"
PLACE = "team/models/reference/1/"


async def bucket_with_the_reference() -> MemoryStore:
    store = MemoryStore()
    for file in REFERENCE.iterdir():
        await store.put(f"{PLACE}{file.name}", file.read_bytes(), "application/octet-stream")
    return store


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_the_bundle_in_the_folder_is_the_one_in_the_bucket(tmp_path: Path) -> None:
    await fetch_bundle(await bucket_with_the_reference(), PLACE, tmp_path)

    named = ["manifest.json", *decode_manifest((REFERENCE / "manifest.json").read_bytes()).files]
    assert contents(tmp_path) == {name: (REFERENCE / name).read_bytes() for name in named}


async def test_a_second_fetch_into_the_same_folder_ends_well(tmp_path: Path) -> None:
    store = await bucket_with_the_reference()
    await fetch_bundle(store, PLACE, tmp_path)
    await fetch_bundle(store, PLACE, tmp_path)


async def test_a_file_that_is_not_the_manifests_own_is_refused(tmp_path: Path) -> None:
    store = await bucket_with_the_reference()
    await store.put(f"{PLACE}model.safetensors", b"other weights", "application/octet-stream")
    with pytest.raises(BundleError, match="sha256 differs"):
        await fetch_bundle(store, PLACE, tmp_path)


async def test_a_path_where_no_bundle_lies_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"models/none/manifest\.json"):
        await fetch_bundle(await bucket_with_the_reference(), "models/none/", tmp_path)


async def test_a_manifest_cannot_have_a_file_written_outside_the_folder(tmp_path: Path) -> None:
    store = await bucket_with_the_reference()
    manifest = (REFERENCE / "manifest.json").read_text().replace('"MODEL_CARD.md"', '"../MODEL_CARD.md"')
    await store.put(f"{PLACE}manifest.json", manifest.encode(), "application/json")
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(BundleError):
        await fetch_bundle(store, PLACE, folder)
    assert contents(folder).keys() <= {"model.safetensors"}
    assert [file for file in contents_below(tmp_path) if file != folder] == []


def contents_below(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def test_the_command_names_the_setting_that_it_lacks() -> None:
    code = "from rockseg_inference.entrypoints.fetch_model import main; main(['models/reference/1', '/nowhere'])"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env={})
    assert done.returncode == 2
    assert "ROCKSEG_S3_ENDPOINT" in done.stderr
    assert "Traceback" not in done.stderr
