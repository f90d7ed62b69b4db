"""Images for a cluster that no registry feeds: ours from their Dockerfile on a base made here, and single programs."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tests.cluster import daemons
from tests.cluster.command import ctr, run, succeeds, until
from tests.cluster.place import CONTAINERD, DOCKER, DOCKER_GROUP, ROOT
from tests.real.cache import install, part_folder

CHECKOUT: Final = Path(__file__).parents[2]
# Stands in for the image that the Dockerfile names: the same Debian, with Debian's own Python 3.11.
_RELEASE: Final = "bookworm"
_BASE: Final = ("debian-python", _RELEASE)
_BASE_PACKAGES: Final = "ca-certificates,python3,python3-pip"
_PIP_SETTINGS: Final = {
    "index-url": "PIP_INDEX_URL",
    "extra-index-url": "PIP_EXTRA_INDEX_URL",
    "trusted-host": "PIP_TRUSTED_HOST",
    "timeout": "PIP_DEFAULT_TIMEOUT",
}
# In the secret that a build gets, so that a test can look for it in what came of the build.
SECRET_OF_THE_BUILD: Final = "no layer may hold this line of pip.conf"
_DOCKER: Final = ["env", "DOCKER_BUILDKIT=1", "/usr/bin/docker", "--host", f"unix://{DOCKER}"]


def install_base() -> bool:
    """False if it was there already."""
    return install(*_BASE, partial(_bootstrap))


def start_docker() -> None:
    """Build images beside the cluster, in its containerd, without a rule of the firewall or a bridge of its own.

    Containers on a network of Compose reach each other and this machine reaches them; it forwards nothing for them.
    """
    daemons.start(
        "dockerd", "dockerd", "--host", f"unix://{DOCKER}", "--containerd", CONTAINERD, "--data-root", ROOT / "docker",
        "--exec-root", "/run/rockseg-docker", "--pidfile", "/run/rockseg-docker.pid", "--iptables=false",
        "--ip6tables=false", "--ip-forward=false", "--bridge=none", f"--cgroup-parent={DOCKER_GROUP}",
    )  # fmt: skip
    until(lambda: daemons.check("dockerd") or succeeds(*_DOCKER, "info"), "dockerd answers")


def docker(*arguments: str | Path, seconds: float = 3600) -> str:
    return run(*_DOCKER, *arguments, seconds=seconds)


def base_image() -> str:
    """Its name, once it is there."""
    base = f"localhost/{_BASE[0]}:{_RELEASE}"
    if not succeeds(*_DOCKER, "image", "inspect", base):
        docker("import", part_folder(*_BASE) / "root.tar", base)
    return base


def build(target: str, arguments: Mapping[str, str] | None = None) -> str:
    """The image of that stage of our Dockerfile, by a name that changes with what is in it."""
    options = ["--network=host", f"--target={target}", f"--file={CHECKOUT / 'deploy/docker/Dockerfile'}"]
    given = {"PYTHON_IMAGE": base_image()} | dict(arguments or {})
    options += [f"--build-arg={name}={value}" for name, value in given.items()]
    for secret, file in build_secrets().items():
        options += ["--secret", f"id={secret},src={file}"]
    image = docker("build", "--quiet", *options, CHECKOUT).strip()
    name = f"localhost/rockseg-{target}:{image.removeprefix('sha256:')[:16]}"
    docker("tag", image, name)
    return name


def build_secrets() -> dict[str, Path]:
    """This machine's way to a package index, for a build alone: pip's settings and the CA that it trusts."""
    given = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    settings = [f"{key} = {os.environ[name]}" for key, name in _PIP_SETTINGS.items() if name in os.environ]
    if given:
        settings.append("cert = /run/secrets/ca")
    file = ROOT / "secrets/pip.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([f"# {SECRET_OF_THE_BUILD}", "[global]", *settings, ""]))
    return {"pip.conf": file} | ({"ca": Path(given)} if given else {})


def put_into_cluster(name: str, known_as: str) -> None:
    """What dockerd built, where the kubelet finds it, under the name that a manifest gives; no older build stays."""
    if not _is_there(name):
        archive = ROOT / "image.tar"
        docker("save", "--output", archive, name)
        ctr("images", "import", archive)
        archive.unlink()
    ctr("images", "tag", "--force", name, known_as)
    for other in ctr("images", "ls", "-q").split():
        if other.startswith(f"{name.rpartition(':')[0]}:") and other != name:
            ctr("images", "rm", other)


def program_image(program: Path, name: str | None = None, *, user: str = "0:0") -> str:
    """An image of one static program, which is its entry point."""
    tag = f"localhost/{name or program.name}:1"
    if _is_there(tag):
        return tag
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tmp = tarfile.TarInfo("tmp")
        tmp.type, tmp.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(tmp)
        tar.add(program, program.name)
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"], "User": user},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
    archive = ROOT / "image.tar"
    with tarfile.open(archive, "w") as tar:
        bodies = {"config.json": json.dumps(config), "manifest.json": json.dumps(manifest)}
        for file, body in {**{k: v.encode() for k, v in bodies.items()}, "layer.tar": layer.getvalue()}.items():
            member = tarfile.TarInfo(file)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    ctr("images", "import", archive)
    archive.unlink()
    return tag


def _is_there(name: str) -> bool:
    return name in ctr("images", "ls", "-q").split()


def _bootstrap(folder: Path) -> None:
    root = folder / "root"
    run("debootstrap", "--variant=minbase", f"--include={_BASE_PACKAGES}", _RELEASE, root)
    kept_out = [f"--exclude=./{name}" for name in ("proc/*", "sys/*", "var/cache/apt/*", "var/lib/apt/lists/*")]
    run("tar", "--numeric-owner", *kept_out, "-C", root, "-cf", folder / "root.tar", ".")
    shutil.rmtree(root)
