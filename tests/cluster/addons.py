"""What a platform team has in its cluster before rockseg comes: DNS, KEDA, and the kinds of a few other operators."""

import re
from pathlib import Path

from tests.cluster.command import kubectl, until
from tests.cluster.go_parts import PARTS, module_folder, program
from tests.cluster.images import program_image
from tests.real import versions
from tests.real.strimzi_kinds import strimzi_definitions

# Of a module, the definitions of the kinds that the chart can make; their operators do not run.
_KINDS = {
    ("github.com/prometheus-operator/prometheus-operator", versions.PROMETHEUS_OPERATOR): [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{name}.yaml"
        for name in ("podmonitors", "servicemonitors", "prometheusrules")
    ],
    ("sigs.k8s.io/gateway-api", versions.GATEWAY_API): [
        "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    ],
}


def install_dns() -> None:
    """CoreDNS; `host.k8s.internal` is the node."""
    program_image(program("coredns", "coredns"))
    kubectl("apply", "-f", Path(__file__).with_name("coredns.yaml"))
    kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")


def install_kinds() -> None:
    """Kinds that the chart has objects of, and the classes that its sets of values name."""
    for (module, version), files in _KINDS.items():
        for file in files:
            kubectl("apply", "--server-side", "-f", module_folder(module, version) / file)
    for path in strimzi_definitions():
        kubectl("apply", "--server-side", "-f", path)
    kubectl("apply", "--server-side", "-f", Path(__file__).with_name("classes.yaml"))


def install_keda() -> None:
    """As its own release manifest has it, from images of what was built here."""
    part = PARTS["keda"]
    for name in part.programs:
        program_image(program("keda", name), user="1000:1000")  # its pods ask for a user other than root
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
