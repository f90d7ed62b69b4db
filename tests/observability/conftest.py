import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.real.choice import no_real_part
from tests.real.go_tools import binary

PROMTOOL_SECONDS = 120.0


@pytest.fixture(scope="session")
def promtool() -> Callable[..., None]:
    """Runs it, and fails with what it says where it is not content."""
    if not binary("promtool").exists():
        no_real_part("promtool")

    def run(*arguments: str | Path) -> None:
        done = subprocess.run(
            [binary("promtool"), *arguments], capture_output=True, text=True, timeout=PROMTOOL_SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run
