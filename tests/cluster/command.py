"""Commands on this machine and on the cluster; what fails says how."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.go_parts import program
from tests.cluster.place import CONTAINERD, KUBECONFIG


def run(*command: str | Path, stdin: str | None = None, seconds: float = 600) -> str:
    """Its stdout. Raises AssertionError with its stderr."""
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env=os.environ | {"KUBECONFIG": str(KUBECONFIG)},
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def succeeds(*command: str | Path) -> bool:
    environ = os.environ | {"KUBECONFIG": str(KUBECONFIG)}
    return subprocess.run([str(p) for p in command], capture_output=True, check=False, env=environ).returncode == 0


def kubectl_command(*arguments: str | Path) -> list[str]:
    """For a process that goes on."""
    words = [program("kubernetes", "hyperkube"), "kubectl", f"--kubeconfig={KUBECONFIG}", *arguments]
    return [str(word) for word in words]


def kubectl(*arguments: str | Path, stdin: str | None = None, seconds: float = 600) -> str:
    return run(*kubectl_command(*arguments), stdin=stdin, seconds=seconds)


def kubectl_json(*arguments: str) -> Any:
    return json.loads(kubectl(*arguments, "-o", "json"))


def ctr(*arguments: str | Path, namespace: str = "k8s.io") -> str:
    return run("ctr", "--address", CONTAINERD, "--namespace", namespace, *arguments)


def until(holds: Callable[[], object], what: str, seconds: float = 120, poll_seconds: float = 0.3) -> None:
    """Ask until it holds. Raises AssertionError that says what did not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(poll_seconds)  # the poll of a condition with a deadline
