"""The cluster's own processes: started apart from whoever starts them, and ended by their id."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.cluster.place import LOGS, ROOT

_RUN = ROOT / "run"


def start(name: str, *command: str | Path) -> None:
    """Begin `command`, its output in `logs/NAME.log`; nothing if it runs already."""
    if _running(name):
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    _RUN.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=ROOT,
        )
    (_RUN / name).write_text(f"{process.pid} {_born(process.pid)}")


def stop(name: str, seconds: float = 20) -> None:
    """End it, and wait for its end; nothing if it does not run. Raises AssertionError if it outlives SIGKILL."""
    for sent, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 10.0)):
        pid = _running(name)
        if not pid:
            break
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            os.kill(pid, sent)
        deadline = time.monotonic() + patience
        while _running(name) and time.monotonic() < deadline:
            time.sleep(0.1)  # the poll of a condition with a deadline
    assert not _running(name), f"{name} outlived SIGKILL"
    (_RUN / name).unlink(missing_ok=True)


def runs(name: str) -> bool:
    return bool(_running(name))


def check(name: str) -> None:
    """Raises AssertionError with the end of its log if it runs no more."""
    assert _running(name), (LOGS / f"{name}.log").read_text(errors="replace")[-3000:]


def _running(name: str) -> int:
    """Its process id, 0 where it has ended; another process that got the same id later is not taken for it."""
    try:
        pid, born = (_RUN / name).read_text().split()
    except FileNotFoundError:
        return 0
    with contextlib.suppress(ChildProcessError):  # somebody else's child, perhaps of an earlier run
        os.waitpid(int(pid), os.WNOHANG)
    return int(pid) if _born(int(pid)) == born else 0


def _born(pid: int) -> str:
    """When the process began, in clock ticks since the machine's start; '' where there is none or it is a zombie."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if after_name[0] == "Z" else after_name[19]
