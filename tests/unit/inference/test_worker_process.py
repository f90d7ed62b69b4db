"""What the worker's own process says before it works."""

import os
import subprocess
import sys

from prometheus_client import CollectorRegistry

from rockseg_inference.exits import ExitReason
from rockseg_inference.metrics import WorkerMetrics

AWAY = {
    "ROCKSEG_KAFKA_BROKERS": "127.0.0.1:1",
    "ROCKSEG_S3_ENDPOINT": "http://127.0.0.1:1",
    "ROCKSEG_S3_BUCKET": "rockseg",
    "ROCKSEG_S3_ACCESS_KEY": "key",
    "ROCKSEG_S3_SECRET_KEY": "secret",
    "ROCKSEG_METRICS_PORT": "0",
}


def test_a_model_that_is_not_there_is_told_while_kafka_and_the_store_are_away() -> None:
    """Else whoever installs it learns of one mistake only when the other is mended."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROCKSEG_")}
    ended = subprocess.run(
        [sys.executable, "-c", "from rockseg_inference.entrypoints.cli import main; main()"],
        env=environ | AWAY | {"ROCKSEG_MODEL": "/nonexistent/bundle"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "manifest" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_counters_of_known_labels_are_there_at_zero_from_the_start() -> None:
    registry = CollectorRegistry()
    WorkerMetrics(registry)
    for reason in ExitReason:
        assert registry.get_sample_value("rockseg_worker_exits_total", {"reason": reason.value}) == 0
    for result in ("passed", "failed"):
        assert registry.get_sample_value("rockseg_worker_self_tests_total", {"result": result}) == 0
