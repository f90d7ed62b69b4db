"""What a platform team has in its cluster before rockseg comes: DNS, KEDA, and the kinds of the Prometheus operator."""

import re
from pathlib import Path

from tests.cluster import versions
from tests.cluster.command import kubectl, until
from tests.cluster.go_parts import PARTS, module_folder, program
from tests.cluster.images import program_image

_OPERATOR = "github.com/prometheus-operator/prometheus-operator"
_CRDS = ("podmonitors", "servicemonitors", "prometheusrules")


def install_dns() -> None:
    """CoreDNS; `host.k8s.internal` is the node."""
    program_image(program("coredns", "coredns"))
    kubectl("apply", "-f", Path(__file__).with_name("coredns.yaml"))
    kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")


def install_monitor_kinds() -> None:
    """PodMonitor, ServiceMonitor and PrometheusRule, without the operator."""
    crds = module_folder(_OPERATOR, versions.PROMETHEUS_OPERATOR) / "example/prometheus-operator-crd"
    for name in _CRDS:
        kubectl("apply", "--server-side", "-f", crds / f"monitoring.coreos.com_{name}.yaml")


def install_keda() -> None:
    """As its own release manifest has it, from images of what was built here."""
    part = PARTS["keda"]
    for name in part.programs:
        program_image(program("keda", name))
    manifest = kubectl("kustomize", module_folder(part.module, part.version) / "config/default")
    images = {
        "keda-metrics-apiserver": "keda-adapter",
        "keda-admission-webhooks": "keda-admission-webhooks",
        "keda": "keda",
    }
    for theirs, ours in images.items():
        manifest = re.sub(rf"image: \S+/{theirs}:\S+", f"image: localhost/{ours}:1", manifest)
    manifest = manifest.replace("imagePullPolicy: Always", "imagePullPolicy: Never")
    kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
    for name in ("keda-operator", "keda-metrics-apiserver", "keda-admission"):
        kubectl("-n", "keda", "rollout", "status", f"deployment/{name}", "--timeout=300s")
    service = "apiservice/v1beta1.external.metrics.k8s.io"
    until(
        lambda: "True" in kubectl("get", service, "-o", 'jsonpath={.status.conditions[?(@.type=="Available")].status}'),
        "KEDA's metrics are served",
    )
