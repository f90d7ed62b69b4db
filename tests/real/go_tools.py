"""Servers and tools written in Go, built from their source by the module proxy's checksums."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from tests.real import versions
from tests.real.cache import install, part_folder

FOLDERS: Final = Path(__file__).parent / "go"


class GoPart(NamedTuple):
    """A program: its main package, and what the linker sets in it.

    `own_module`: the program's own go.mod replaces a dependency, so that `go install` refuses it; it is built by the
    go.mod and go.sum of the folder in FOLDERS that has the part's name.
    """

    package: str
    version: str
    sets: Mapping[str, str] = {}
    tags: str = ""
    own_module: bool = False


_HELM_KUBERNETES: Final = {
    "Major": versions.KUBERNETES.split(".")[0].lstrip("v"),
    "Minor": versions.KUBERNETES.split(".")[1],
}

PARTS: Final = {
    "minio": GoPart("github.com/minio/minio", versions.MINIO),
    "toxiproxy": GoPart("github.com/Shopify/toxiproxy/v2/cmd/server", versions.TOXIPROXY),
    "helm": GoPart(
        "helm.sh/helm/v3/cmd/helm",
        versions.HELM,
        # Unset, it takes every cluster for a Kubernetes 1.20, and refuses charts that ask for a later one.
        {
            "helm.sh/helm/v3/internal/version.version": versions.HELM,
            **{
                f"helm.sh/helm/v3/pkg/{package}.k8sVersion{part}": number
                for package in ("chartutil", "lint/rules")
                for part, number in _HELM_KUBERNETES.items()
            },
        },
    ),
    "helm-unittest": GoPart(
        "github.com/helm-unittest/helm-unittest/cmd/helm-unittest", versions.HELM_UNITTEST, own_module=True
    ),
    "helm-docs": GoPart(
        "github.com/norwoodj/helm-docs/cmd/helm-docs", versions.HELM_DOCS, {"main.version": versions.HELM_DOCS[1:]}
    ),
    "kubeconform": GoPart("github.com/yannh/kubeconform/cmd/kubeconform", versions.KUBECONFORM),
    "promtool": GoPart(
        # No service discovery: it is half of what there is to compile.
        "github.com/prometheus/prometheus/cmd/promtool", versions.PROMTOOL, tags="remove_all_sd", own_module=True
    ),
}  # fmt: skip


def binary(part: str) -> Path:
    return part_folder(part, PARTS[part].version) / part


def install_go_part(part: str) -> bool:
    """False if it was there already. Raises SystemExit with a sentence where there is no Go."""
    return install(part, PARTS[part].version, partial(_build, part))


def _build(name: str, folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise SystemExit(f"{name} is built from source and needs Go 1.26 or newer on the PATH")
    part = PARTS[name]
    linker = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in part.sets.items())])
    flags = ["-trimpath", "-ldflags", linker, *(["-tags", part.tags] if part.tags else [])]
    environ = os.environ | {"CGO_ENABLED": "0", "GOBIN": str(folder)}
    if part.own_module:
        subprocess.run(
            [go, "build", *flags, "-o", folder / name, part.package], cwd=FOLDERS / name, env=environ, check=True
        )
        return
    subprocess.run([go, "install", *flags, f"{part.package}@{part.version}"], env=environ, check=True)
    (built,) = folder.iterdir()
    built.rename(folder / name)
