"""This machine as the cluster's one node: its address, containerd, kubelet, kube-proxy; and all of it undone."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from tests.cluster import daemons
from tests.cluster.command import ctr, run, succeeds, until
from tests.cluster.go_parts import program
from tests.cluster.place import (
    BRIDGE,
    CONTAINERD,
    DNS_IP,
    DOCKER_GROUP,
    NODE,
    NODE_IP,
    NODE_PODS,
    PKI,
    PODS,
    ROOT,
    SERVICES,
)

PAUSE: Final = "localhost/pause:1"
_POD_NETWORK: Final = "rockseg-pods"
_KEEP_IN: Final = ["FORWARD", "-s", PODS, "!", "-d", PODS, "!", "-o", BRIDGE, "-j", "REJECT"]
_CNI: Final = {
    "cniVersion": "1.0.0",
    "name": _POD_NETWORK,
    "plugins": [
        {
            "type": "bridge",
            "bridge": "rockseg-pods0",
            "isDefaultGateway": True,
            "hairpinMode": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": NODE_PODS}]]},
        }
    ],
}
# containerd's own TOML. Where root lacks CAP_SYS_RESOURCE a sandbox cannot lower its OOM score, and dies of trying.
_CONTAINERD: Final = f"""
version = 2
root = "{ROOT}/containerd"
state = "{Path(CONTAINERD).parent}"
[grpc]
  address = "{CONTAINERD}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{ROOT}/cni"
"""


def start_containerd() -> None:
    (ROOT / "cni").mkdir(parents=True, exist_ok=True)
    (ROOT / "cni/10-bridge.conflist").write_text(json.dumps(_CNI))
    (ROOT / "containerd.toml").write_text(_CONTAINERD)
    daemons.start("containerd", "containerd", "--config", ROOT / "containerd.toml")
    until(lambda: daemons.check("containerd") or succeeds("ctr", "-a", CONTAINERD, "version"), "containerd answers")


def make_network() -> None:
    """The node's address, and routes that let no packet of a pod or to a Service leave the machine."""
    if not succeeds("ip", "link", "show", BRIDGE):
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", f"{NODE_IP}/32", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
    run("ip", "route", "replace", SERVICES, "dev", BRIDGE, "src", NODE_IP)
    run("ip", "route", "replace", "blackhole", PODS)  # the pods' own bridge has a longer prefix
    if not succeeds("iptables", "-C", *_KEEP_IN):
        run("iptables", "-I", *_KEEP_IN)
    forwards = Path("/proc/sys/net/ipv4/ip_forward")
    if not (ROOT / "ip_forward").exists():
        (ROOT / "ip_forward").write_text(forwards.read_text())
    forwards.write_text("1")


def start_node() -> None:
    kubelet = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_IP,
        # Only this machine reaches that address.
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
        "clusterDNS": [DNS_IP],
        "clusterDomain": "cluster.local",
        "resolvConf": str(ROOT / "resolv.conf"),
        "readOnlyPort": 0,
        "podCIDR": NODE_PODS,
        # The disk is not the cluster's own, and images must survive: nothing here can fetch them again.
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "enforceNodeAllocatable": ["pods"],
        "makeIPTablesUtilChains": False,  # which nobody would take away again
    }
    proxy = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": PODS,
        "clientConnection": {"kubeconfig": str(PKI / "kube-proxy.conf")},
        "conntrack": {"maxPerCore": 0, "min": 0},
        "hostnameOverride": NODE,
        "healthzBindAddress": f"{NODE_IP}:10256",
        "metricsBindAddress": f"{NODE_IP}:10249",
    }
    (ROOT / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (ROOT / "kubelet.yaml").write_text(json.dumps(kubelet))
    (ROOT / "kube-proxy.yaml").write_text(json.dumps(proxy))
    hyperkube = program("kubernetes", "hyperkube")
    daemons.start(
        "kubelet", hyperkube, "kubelet", f"--config={ROOT / 'kubelet.yaml'}", f"--kubeconfig={PKI / 'kubelet.conf'}",
        f"--hostname-override={NODE}", f"--node-ip={NODE_IP}", f"--root-dir={ROOT / 'kubelet'}",
        f"--cert-dir={ROOT / 'kubelet/pki'}",
    )  # fmt: skip
    daemons.start("kube-proxy", hyperkube, "kube-proxy", f"--config={ROOT / 'kube-proxy.yaml'}")
    ready = ["kubectl", "wait", f"node/{NODE}", "--for=condition=Ready", "--timeout=5s"]
    until(lambda: daemons.check("kubelet") or succeeds(hyperkube, *ready), "the node is ready")


def end_containers() -> None:
    """What still runs once the kubelet is gone."""
    for task in ctr("tasks", "ls", "-q").split():
        succeeds("ctr", "-a", CONTAINERD, "-n", "k8s.io", "tasks", "rm", "-f", task)
    for container in ctr("containers", "ls", "-q").split():
        succeeds("ctr", "-a", CONTAINERD, "-n", "k8s.io", "containers", "rm", container)
    for process in Path("/proc").glob("[0-9]*"):  # a container's shim outlives its containerd
        if f"-address\0{CONTAINERD}".encode() in _command_line(process):
            os.kill(int(process.name), signal.SIGKILL)


def unmake_network() -> None:
    succeeds(program("kubernetes", "hyperkube"), "kube-proxy", "--cleanup", f"--config={ROOT / 'kube-proxy.yaml'}")
    succeeds("iptables", "-D", *_KEEP_IN)
    succeeds("ip", "route", "del", "blackhole", PODS)
    for link in (BRIDGE, "rockseg-pods0"):
        succeeds("ip", "link", "del", link)
    if (ROOT / "ip_forward").exists():
        Path("/proc/sys/net/ipv4/ip_forward").write_text((ROOT / "ip_forward").read_text())
        (ROOT / "ip_forward").unlink()


def forget_pods() -> None:
    """Mounts, network namespaces, control groups and files of pods that are gone; images stay."""
    ours = (str(ROOT / "kubelet"), str(Path(CONTAINERD).parent), "/run/netns/cni-")
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(ours)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)
    for name in Path("/run/netns").glob("cni-*"):
        name.unlink(missing_ok=True)
    forget_groups("kubepods")
    forget_groups(DOCKER_GROUP)
    shutil.rmtree(ROOT / "kubelet", ignore_errors=True)
    shutil.rmtree(f"/var/lib/cni/networks/{_POD_NETWORK}", ignore_errors=True)


def forget_groups(name: str) -> None:
    """The control groups of what has ended."""
    for group in Path("/sys/fs/cgroup").glob(f"*/{name}"):
        for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
            succeeds("rmdir", folder)


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
