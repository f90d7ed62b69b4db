"""`rockseg up` as a child process: for the demo, the tests that kill it, and the benchmarks."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rockseg_core.domain.errors import FatalError
from rockseg_standalone.home import Home

READY = re.compile(r"Ready at (http://\S+)")
STOP_SECONDS = 60


class UpProcess:
    """One `rockseg up` on a free port, with `environment` beside our own."""

    def __init__(self, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.home = Home(folder)
        command = [sys.executable, "-m", "rockseg_standalone", "up", "--port", "0", "--data-dir", str(folder)]
        self.process = subprocess.Popen(  # noqa: S603  # our own command
            [*command, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict(environment or {}),
            process_group=0,  # Ctrl-C is for whoever started it, who then stops it
        )

    def wait_ready(self) -> str:
        """The address, once model, view and API are ready. Raises FatalError when the process ends before."""
        for line in self.process.stdout or ():
            if match := READY.search(line):
                return match[1]
        raise FatalError("rockseg up ended before it was ready; what it said stands above.")

    @property
    def api_key(self) -> str:
        return self.home.api_key()

    def kill(self) -> None:
        """SIGKILL, as when the machine takes it; returns once the process is gone."""
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """SIGTERM, wait for the drain, and the exit code."""
        self.process.terminate()
        return self._reap()

    def _reap(self) -> int:
        try:
            return self.process.wait(timeout=STOP_SECONDS)
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


@contextmanager
def running_up(
    folder: Path, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, UpProcess]]:
    """(address, process) of a ready `rockseg up`, stopped at the end."""
    process = UpProcess(folder, *arguments, environment=environment)
    try:
        yield process.wait_ready(), process
    finally:
        if process.process.poll() is None:
            process.stop()
