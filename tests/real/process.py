"""A server of the tests: a process of ours, its output in a file, ended by its id."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

READY_SECONDS: Final = 60.0  # two busy cores start a JVM slowly
STOP_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.05

_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago, each time another one.

    Below the range from which Linux takes ports for connections (32768 on): one of those can be some client's by the
    time the server binds it, and while a broker is down its clients take dozens a second.
    """
    while True:
        port = random.randrange(12_000, 32_000)  # nothing secret
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def listens(port: int, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


class ServerProcess:
    """Runs `command` until `stop`; `log` keeps what it says."""

    def __init__(self, command: Sequence[str | Path], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self._command = [str(part) for part in command]
        self._environ = dict(os.environ) | dict(environ or {})
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], bool]) -> None:
        """Returns once `ready` says so. Raises AssertionError with the end of the log where it never does."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, env=self._environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            said = self.log.read_text(errors="replace")[-2000:]
            assert self._process.poll() is None, f"{self._command[0]} ended at once: {said}"
            assert time.monotonic() < deadline, f"{self._command[0]} is not ready: {said}"
            time.sleep(POLL_SECONDS)  # the poll of a condition with a deadline

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def pause(self) -> None:
        """It answers nobody and keeps its connections: a hang."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
