"""What the worker's own process says before it works."""

import os
import subprocess
import sys
import threading
import time

import httpx
from prometheus_client import CollectorRegistry
from tests.real.process import free_port

from rockseg_inference.exits import ExitReason
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.metrics_server import MetricsServer

TOLD_TO_END_AS_IT_BEGINS = """
import os, signal, sys, types
from rockseg_inference.entrypoints import cli
process = types.ModuleType("rockseg_inference.process")  # as if it were still being imported
process.run = lambda environ: os.kill(os.getpid(), signal.SIGTERM) or 3
sys.modules["rockseg_inference.process"] = process
cli.main()
"""
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


def test_a_worker_is_ready_once_model_store_and_brokers_are_there() -> None:
    port = free_port()
    server = MetricsServer("127.0.0.1", port, CollectorRegistry())
    server.open()
    assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 503
    server.ready.set()
    assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200


def test_a_worker_at_fault_waits_until_prometheus_has_read_why() -> None:
    registry, port = CollectorRegistry(), free_port()
    metrics, server = WorkerMetrics(registry), MetricsServer("127.0.0.1", port, registry)
    server.open()
    metrics.exits.labels(ExitReason.SELF_TEST_FAILED.value).inc()
    server.ready.set()
    ending = threading.Thread(target=server.wait_for_scrape)
    ending.start()
    url = f"http://127.0.0.1:{port}/metrics"
    assert httpx.get(url).status_code == 200
    ending.join(0.2)
    assert ending.is_alive(), "a kubelet's look at the port is no scrape"
    assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 503
    read = httpx.get(url, headers={"X-Prometheus-Scrape-Timeout-Seconds": "10"}).text
    assert 'rockseg_worker_exits_total{reason="self_test_failed"} 1.0' in read
    ending.join(10)
    assert not ending.is_alive()


def test_a_worker_that_nobody_asks_ends_all_the_same() -> None:
    registry = CollectorRegistry()
    server = MetricsServer("127.0.0.1", free_port(), registry)
    server.open()
    server.wait_for_scrape(0.01)
    MetricsServer("127.0.0.1", 0, registry).wait_for_scrape()  # without a port there is nothing to wait for


def test_a_worker_that_is_told_to_end_before_it_has_begun_ends_at_once_and_well() -> None:
    """As the first process of a container it would not even notice, and be killed at the end of its grace period."""
    assert subprocess.run([sys.executable, "-c", TOLD_TO_END_AS_IT_BEGINS], check=False).returncode == 0


def test_a_restart_shows_as_a_later_start() -> None:
    registry = CollectorRegistry()
    WorkerMetrics(registry)
    started = registry.get_sample_value("rockseg_worker_started_timestamp_seconds")
    assert started is not None
    assert 0 <= time.time() - started < 60
