"""What the test cluster runs, pinned here and nowhere else; Debian's packages come as the release has them."""

KUBERNETES = "v1.34.4"
KEDA = "v2.21.0"
COREDNS = "v1.14.6"
PROMETHEUS = "v0.313.5"
PROMETHEUS_OPERATOR = "v0.85.0"  # its CRDs alone: PodMonitor, ServiceMonitor, PrometheusRule

# Debian's own: container engine, builder of images, etcd, and what kubelet and kube-proxy call.
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "docker.io", "etcd-server", "debootstrap", "iptables",
            "conntrack", "ethtool", "socat", "ipset", "iproute2")  # fmt: skip
