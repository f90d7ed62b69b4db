"""What became of every pod of a release, as the API server told it: pods that are gone are in no list."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from tests.cluster.command import kubectl_command


class Ended(NamedTuple):
    """A pod that was told to end, and did: `seconds` after it was told, `at` in epoch seconds."""

    pod: str
    exit_code: int
    seconds: float
    at: float


class PodWatch:
    def __init__(self, told: Path) -> None:
        self._told = told

    def most(self) -> int:
        """How many there were at once, those that were about to end left out."""
        there: set[str] = set()
        most = 0
        for kind, pod in self._events():
            uid = pod["metadata"]["uid"]
            gone = kind == "DELETED" or "deletionTimestamp" in pod["metadata"]
            there = there - {uid} if gone else there | {uid}
            most = max(most, len(there))
        return most

    def ending(self) -> int:
        """How many were told to end and are still there."""
        last = {pod["metadata"]["uid"]: (kind, pod) for kind, pod in self._events()}
        return sum(kind != "DELETED" and "deletionTimestamp" in pod["metadata"] for kind, pod in last.values())

    def ended(self) -> list[Ended]:
        """Each that was deleted after its container had started. Raises AssertionError for one without an exit code."""
        told: dict[str, float] = {}
        last: dict[str, dict[str, Any]] = {}
        for _, pod in self._events():
            metadata = pod["metadata"]
            last[metadata["uid"]] = pod
            if "deletionTimestamp" in metadata:  # the latest that it may be killed; the kubelet sets it anew at the end
                latest = _seconds(metadata["deletionTimestamp"])
                told.setdefault(metadata["uid"], latest - metadata["deletionGracePeriodSeconds"])
        return [_ended(last[uid], since) for uid, since in told.items() if _started(last[uid])]

    def _events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        text, decoder = self._told.read_text(), json.JSONDecoder()
        at = text.find("{")
        while at >= 0:
            try:
                event, at = decoder.raw_decode(text, at)
            except json.JSONDecodeError:  # the last one is still being written
                return
            yield event["type"], event["object"]
            at = text.find("{", at)


@contextmanager
def watched(namespace: str, components: str, folder: Path) -> Iterator[PodWatch]:
    """From the beginning of the block to its end."""
    told, selector = folder / "pods", f"app.kubernetes.io/component in ({components})"
    arguments = ["get", "pods", f"--selector={selector}", "--watch", "--output-watch-events", "--output=json"]
    with told.open("wb") as output:
        process = subprocess.Popen(kubectl_command("--namespace", namespace, *arguments), stdout=output)
    try:
        yield PodWatch(told)
    finally:
        process.terminate()
        process.wait()


def _started(pod: dict[str, Any]) -> bool:
    return any("running" in status["state"] or "terminated" in status["state"] for status in _statuses(pod))


def _statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pod["status"].get("containerStatuses", [])
    return found


def _ended(pod: dict[str, Any], told: float) -> Ended:
    (status,) = _statuses(pod)
    name = pod["metadata"]["name"]
    assert "terminated" in status["state"], f"{name} is gone and nobody saw how: {status['state']}"
    finished = _seconds(status["state"]["terminated"]["finishedAt"])
    return Ended(name, status["state"]["terminated"]["exitCode"], finished - told, finished)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
