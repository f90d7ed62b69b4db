"""Where the test cluster lives: its folders, addresses and sockets. Nothing of it is reachable from another machine."""

from typing import Final

from tests.real.cache import cache_folder

ROOT: Final = cache_folder() / "cluster"
LOGS: Final = ROOT / "logs"
PKI: Final = ROOT / "pki"
KUBECONFIG: Final = PKI / "admin.conf"
CONTAINERD: Final = "/run/rockseg-containerd/containerd.sock"
DOCKER: Final = "/run/rockseg-docker.sock"
DOCKER_GROUP: Final = "rockseg-docker"  # of what runs while images are built

BRIDGE: Final = "rockseg0"  # a bridge without ports bears the node's address: pods cannot reach 127.0.0.1
NODE: Final = "node1"
NODE_IP: Final = "172.31.250.1"
PODS: Final = "10.244.0.0/16"
NODE_PODS: Final = "10.244.0.0/24"
SERVICES: Final = "10.96.0.0/16"
API_SERVICE_IP: Final = "10.96.0.1"
DNS_IP: Final = "10.96.0.10"
API: Final = f"https://{NODE_IP}:6443"
ETCD: Final = "http://127.0.0.1:12379"
