"""The `rockseg` command as a person types it."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rockseg_api.keys import KeyFile
from rockseg_core.adapters.local import LocalData
from rockseg_core.domain.clock import SystemClock
from rockseg_standalone.home import Home, default_bundle


def rockseg(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rockseg_standalone", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "120", **(environment or {})},
    )


@pytest.mark.parametrize("command", [(), ("up",), ("segment",), ("model", "show"), ("keys", "create")])
def test_help_tells_what_a_command_does_without_loading_torch(command: tuple[str, ...]) -> None:
    shown = rockseg(*command, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage:" in shown.stdout


def test_the_command_itself_loads_no_torch() -> None:
    code = "import sys, rockseg_standalone.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_api_loads_no_torch() -> None:
    code = "import sys, rockseg_api.bootstrap, rockseg_api.entrypoints.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_key_is_printed_once_and_its_hash_goes_into_the_data_folder(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    made = rockseg("keys", "create", "--tenant", "site-7", "--data-dir", str(home.folder))
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    caller = KeyFile(home.keys_file).caller(key)
    assert caller is not None
    assert caller.tenant == "site-7"
    assert key not in home.keys_file.read_text()
    assert stat.S_IMODE(home.keys_file.stat().st_mode) == 0o600
    assert rockseg("keys", "create", "--tenant", "Site 7", "--data-dir", str(home.folder)).returncode == 2


def test_model_show_lists_the_classes_of_the_bundle_that_comes_along() -> None:
    shown = rockseg("model", "show")
    assert shown.returncode == 0, shown.stderr
    for name in ("sandstone", "anhydrite", "marl rock"):
        assert name in shown.stdout


def test_a_bundle_that_was_altered_is_one_sentence(tmp_path: Path) -> None:
    for file in default_bundle().iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    shown = rockseg("model", "show", str(tmp_path))
    assert shown.returncode == 2
    assert len(shown.stderr.strip().splitlines()) == 1
    assert "model.safetensors" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (("--data-dir", "/proc/nowhere"), {}, "data folder"),
        (("--model", "/nonexistent"), {}, "/nonexistent"),
        (("--host", "256.1.1.1"), {}, "choose another --host"),
        (("--host", "nosuch.invalid"), {}, "choose another --host"),
        (("--host", "2001:db8::1"), {}, "Cannot listen on [2001:db8::1]:0"),
        ((), {"ROCKSEG_LOG_LEVEL": "loud"}, "ROCKSEG_LOG_LEVEL"),
        ((), {"ROCKSEG_SUBMIT_RATE": "many"}, "ROCKSEG_SUBMIT_RATE"),
        ((), {"ROCKSEG_LIFETIME_SECONDS": "1e9"}, "ROCKSEG_LIFETIME_SECONDS"),
        ((), {"ROCKSEG_MAX_ATTEMPTS": "0"}, "ROCKSEG_MAX_ATTEMPTS"),
    ],
)
def test_up_refuses_wrong_settings_with_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], environment: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    default = () if "--data-dir" in arguments else ("--data-dir", str(tmp_path))
    ended = rockseg("up", "--port", "0", *default, *arguments, environment=environment)
    assert ended.returncode == 2, ended.stderr
    assert sentence in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


async def test_up_names_the_data_folder_that_another_process_has(tmp_path: Path) -> None:
    data = LocalData.open(tmp_path, clock=SystemClock())
    try:
        ended = await asyncio.to_thread(rockseg, "up", "--port", "0", "--data-dir", str(tmp_path))
    finally:
        await data.close()
    assert ended.returncode == 2, ended.stderr
    assert str(tmp_path) in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_up_says_which_variables_are_no_settings(tmp_path: Path) -> None:
    environment = {"ROCKSEG_PHOTO_MAX_PIXEL": "5", "ROCKSEG_S3_BUCKET": "other", "ROCKSEG_MAX_ATTEMPTS": "0"}
    ended = rockseg("up", "--port", "0", "--data-dir", str(tmp_path), environment=environment)
    first, last = ended.stderr.strip().splitlines()
    assert first == "ROCKSEG_PHOTO_MAX_PIXEL is no setting and was not read; did you mean ROCKSEG_PHOTO_MAX_PIXELS?"
    assert "ROCKSEG_MAX_ATTEMPTS" in last
    assert ended.stdout.startswith("Starting")
