"""etcd, API server, controller manager and scheduler, on the node's own address; who may do what goes by tokens."""

import json
import secrets
import shutil
from typing import Final

from tests.cluster import daemons
from tests.cluster.command import run, succeeds, until
from tests.cluster.go_parts import program
from tests.cluster.place import API, API_SERVICE_IP, ETCD, KUBECONFIG, NODE, NODE_IP, PKI, PODS, ROOT, SERVICES
from tests.real.certificates import Authority

# File name of the kubeconfig → user and group.
_USERS: Final = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
}


def start_control_plane() -> None:
    """Returns once the API server is ready. Its state is new at every start."""
    shutil.rmtree(PKI, ignore_errors=True)
    shutil.rmtree(ROOT / "etcd", ignore_errors=True)
    _make_keys()
    peer = "http://127.0.0.1:12380"
    daemons.start(
        "etcd", "etcd", "--name=one", f"--data-dir={ROOT / 'etcd'}", f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=one={peer}", "--unsafe-no-fsync",
    )  # fmt: skip
    _start(
        "kube-apiserver", f"--etcd-servers={ETCD}", f"--bind-address={NODE_IP}", f"--advertise-address={NODE_IP}",
        f"--service-cluster-ip-range={SERVICES}", f"--token-auth-file={PKI / 'tokens'}",
        f"--tls-cert-file={PKI / 'apiserver/public.crt'}", f"--tls-private-key-file={PKI / 'apiserver/private.key'}",
        "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={PKI / 'sa.key'}",
        f"--service-account-signing-key-file={PKI / 'sa.key'}", "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction", "--kubelet-preferred-address-types=InternalIP",
        # On by default from 1.35 (a model as an OCI volume), and in beta (classes.yaml).
        "--feature-gates=ImageVolume=true,MutatingAdmissionPolicy=true",
        "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
        # The API server calls KEDA's metrics adapter in its users' names.
        f"--requestheader-client-ca-file={PKI / 'proxy/ca.crt'}", "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-", "--enable-aggregator-routing",
        f"--proxy-client-cert-file={PKI / 'proxy/front-proxy/public.crt'}",
        f"--proxy-client-key-file={PKI / 'proxy/front-proxy/private.key'}",
    )  # fmt: skip
    until(lambda: daemons.check("kube-apiserver") or _ready(), "the API server is ready")
    for name, more in {
        "kube-controller-manager": (
            "--use-service-account-credentials", f"--service-account-private-key-file={PKI / 'sa.key'}",
            f"--root-ca-file={PKI / 'ca.crt'}", "--allocate-node-cidrs", f"--cluster-cidr={PODS}",
            "--horizontal-pod-autoscaler-sync-period=5s",
        ),
        "kube-scheduler": (),
    }.items():  # fmt: skip
        conf = PKI / f"{name}.conf"
        _start(name, *more, f"--kubeconfig={conf}", f"--authentication-kubeconfig={conf}",
               f"--authorization-kubeconfig={conf}", "--bind-address=127.0.0.1", "--leader-elect=false")  # fmt: skip
    until(lambda: succeeds(program("kubernetes", "hyperkube"), "kubectl", "get", "serviceaccount", "default"),
          "the controller manager works")  # fmt: skip


def _start(name: str, *arguments: str) -> None:
    daemons.start(name, program("kubernetes", "hyperkube"), name, *arguments)


def _ready() -> bool:
    return succeeds(program("kubernetes", "hyperkube"), "kubectl", "get", "--raw", "/readyz")


def _make_keys() -> None:
    (PKI / "proxy").mkdir(parents=True, mode=0o700)
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    addresses = ["127.0.0.1", NODE_IP, API_SERVICE_IP]
    hosts = [f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses]
    authority = Authority(PKI)
    authority.issue("apiserver", ",".join(hosts))
    Authority(PKI / "proxy", "rockseg test proxy CA").issue("front-proxy")
    run("openssl", "genrsa", "-out", PKI / "sa.key", "2048")
    tokens = {name: secrets.token_hex(16) for name in _USERS}
    (PKI / "tokens").write_text(
        "".join(f'{tokens[name]},{user},{name},"{group}"\n' for name, (user, group) in _USERS.items())
    )
    for name, token in tokens.items():
        (PKI / f"{name}.conf").write_text(_kubeconfig(token))
    KUBECONFIG.chmod(0o600)


def _kubeconfig(token: str) -> str:
    cluster = {"server": API, "certificate-authority": str(PKI / "ca.crt")}
    return json.dumps({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "me"}}],
        "current-context": "test",
    })  # fmt: skip
