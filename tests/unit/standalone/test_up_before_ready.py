"""`rockseg up` between its first breath and "Ready": it hears a signal at any moment of it."""

import os
import signal
import sqlite3
import time
from pathlib import Path

import requests
from tests.real.process import free_port

from rockseg_standalone.process import UpProcess

DEADLINE_SECONDS = 60


def wait_for_worker(metrics: str) -> None:
    """The worker's metrics are there once its model is loaded."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        assert time.monotonic() < deadline
        try:
            if "rockseg_worker_jobs_in_flight" in requests.get(metrics, timeout=5).text:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)


def test_a_signal_is_heard_while_the_list_of_jobs_cannot_be_read_yet(tmp_path: Path) -> None:
    first = UpProcess(tmp_path, "--model", "null")
    first.wait_ready()
    assert first.stop() == 0
    port = free_port()
    with sqlite3.connect(first.home.view_file, isolation_level=None) as somebody:
        somebody.execute("PRAGMA locking_mode = EXCLUSIVE")
        somebody.execute("BEGIN EXCLUSIVE")  # nobody else can read or write it now
        up = UpProcess(tmp_path, "--model", "null", environment={"ROCKSEG_METRICS_PORT": str(port)})
        try:
            wait_for_worker(f"http://127.0.0.1:{port}/metrics")
            os.kill(up.process.pid, signal.SIGTERM)
            assert up.process.wait(DEADLINE_SECONDS) == 0
        finally:
            up.kill()
    somebody.close()
