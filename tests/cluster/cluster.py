"""The cluster as a whole: what takes minutes once, its beginning, and its end."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.cluster import addons, daemons, images, node
from tests.cluster.control_plane import start_control_plane
from tests.cluster.go_parts import PARTS, install_part, program
from tests.cluster.place import DOCKER_GROUP, ROOT
from tests.cluster.seaweedfs import install_seaweedfs

# Debian's own: container engine, builder of images, etcd, and what kubelet and kube-proxy call.
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "docker.io", "etcd-server", "debootstrap", "iptables",
            "conntrack", "ethtool", "socat", "ipset", "iproute2")  # fmt: skip
DAEMONS = ("dockerd", "kube-proxy", "kubelet", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd")


def install() -> None:
    """Everything that takes minutes, once: Debian packages, programs, the base of the images."""
    if not all(map(shutil.which, ("containerd", "dockerd", "etcd", "debootstrap", "iptables", "conntrack"))):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], check=True)
    for name in PARTS:
        _timed(name, lambda name=name: install_part(name))
    _timed("seaweedfs", install_seaweedfs)
    _timed("base image", images.install_base)


def is_up() -> bool:
    return daemons.runs("kube-apiserver")


def up() -> None:
    """A cluster with DNS, KEDA and the kinds that the chart has objects of, and nothing of ours in it."""
    ROOT.mkdir(parents=True, exist_ok=True)
    _timed("network, containerd", lambda: (node.make_network(), node.start_containerd()))
    images.program_image(program("kubernetes", "pause"))
    _timed("control plane", start_control_plane)
    _timed("node", node.start_node)
    _timed("DNS", addons.install_dns)
    _timed("kinds and classes", addons.install_kinds)
    _timed("KEDA", addons.install_keda)


def down() -> None:
    """End all of it and leave the machine as it was; images and programs stay in the cache."""
    for name in DAEMONS:
        daemons.stop(name)
    node.end_containers()
    daemons.stop("containerd")
    node.forget_pods()
    node.unmake_network()


@contextmanager
def docker_runs() -> Iterator[None]:
    """Docker in the cluster's containerd, whether or not there is a cluster; what ran before goes on after it."""
    started = [name for name in ("dockerd", "containerd") if not daemons.runs(name)]
    ROOT.mkdir(parents=True, exist_ok=True)
    try:
        node.start_containerd()
        images.start_docker()
        yield
    finally:
        for name in started:
            daemons.stop(name)
        if "dockerd" in started:
            node.forget_groups(DOCKER_GROUP)


def _timed(what: str, do: Callable[[], object]) -> None:
    began = time.monotonic()
    do()
    sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {what}\n")
    sys.stdout.flush()
