"""What `rockseg up` says: lines that work, and the key once."""

import shlex
import subprocess
from pathlib import Path

import pytest

from rockseg_core.domain.job import ModelRef
from rockseg_standalone.console import say_ready
from rockseg_standalone.home import Home

MODEL = ModelRef("starter", "1", "00")


@pytest.mark.parametrize("first_run", [True, False])
def test_the_key_is_shown_at_the_first_run_only_and_the_lines_always_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, first_run: bool
) -> None:
    home = Home(tmp_path / "some data")
    key = home.api_key()
    say_ready("http://127.0.0.1:8080", key, home, MODEL, first_run=first_run)
    said = capsys.readouterr().out
    assert (key in said) == first_run
    assert str(home.api_key_file) in said
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 2
    for line in lines:
        printed = subprocess.run(
            ["sh", "-c", line.replace("curl ", "printf '%s\\n' ", 1)], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        assert f"api-key: {key}" in printed, shlex.split(line)
    assert "once the job has finished" in said
