"""A Prometheus that does what its operator would make of the chart's PodMonitor and PrometheusRule."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from tests.cluster.go_parts import program
from tests.cluster.place import KUBECONFIG, NODE_IP
from tests.cluster.release import Release
from tests.real.process import ServerProcess, free_port, listens


@dataclass(frozen=True)
class ClusterPrometheus:
    url: str

    def scraped(self) -> set[str]:
        """The pods whose metrics it got."""
        targets = self._asked("targets")["activeTargets"]
        return {target["labels"]["pod"] for target in targets if target["health"] == "up"}

    def firing(self) -> set[tuple[str, str]]:
        """(name, severity) of each alert that fires."""
        alerts = [alert for alert in self._asked("alerts")["alerts"] if alert["state"] == "firing"]
        return {(alert["labels"]["alertname"], alert["labels"]["severity"]) for alert in alerts}

    def _asked(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/api/v1/{what}", timeout=30).raise_for_status().json()["data"]
        return found


@contextmanager
def scraping(release: Release, folder: Path) -> Iterator[ClusterPrometheus]:
    """On this machine, which reaches the pods' own addresses."""
    (monitor,), (rules,) = release.get("podmonitors"), release.get("prometheusrules")
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": rules["spec"]["groups"]}))
    config = {
        "global": {"evaluation_interval": "5s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [_scrape(monitor, endpoint) for endpoint in monitor["spec"]["podMetricsEndpoints"]],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    options = {"config.file": folder / "prometheus.yaml", "storage.tsdb.path": folder / "data"}
    options |= {"web.listen-address": f"{NODE_IP}:{port}"}
    command = [program("prometheus", "prometheus"), *(f"--{name}={value}" for name, value in options.items())]
    process = ServerProcess(command, folder / "log")
    try:
        process.start(lambda: listens(port, NODE_IP))
        yield ClusterPrometheus(f"http://{NODE_IP}:{port}")
    finally:
        process.stop()


def _scrape(monitor: dict[str, Any], endpoint: dict[str, Any]) -> dict[str, Any]:
    """As the operator writes it."""
    spec, meta = monitor["spec"], "__meta_kubernetes_pod"
    kept = {_label(name): re.escape(value) for name, value in spec["selector"]["matchLabels"].items()}
    kept |= {f"{meta}_container_port_name": endpoint["port"]}
    copied = {"namespace": "__meta_kubernetes_namespace", "pod": f"{meta}_name", "job": _label(spec["jobLabel"])}
    return {
        "job_name": monitor["metadata"]["name"],
        "metrics_path": endpoint["path"],
        "scrape_interval": endpoint["interval"],
        "kubernetes_sd_configs": [
            {
                "role": "pod",
                "kubeconfig_file": str(KUBECONFIG),
                "namespaces": {"names": [monitor["metadata"]["namespace"]]},
            }
        ],
        "relabel_configs": [
            *({"action": "keep", "source_labels": [name], "regex": value} for name, value in kept.items()),
            {"action": "drop", "source_labels": [f"{meta}_phase"], "regex": "Failed|Succeeded"},
            *({"source_labels": [name], "target_label": label} for label, name in copied.items()),
        ],
    }


def _label(name: str) -> str:
    return f"__meta_kubernetes_pod_label_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}"
