"""The cluster's programs, built from their modules into the cache folder: half an hour of one core, once.

A module's own go.mod pins what it needs, so it is built as the main module where the Go command put it. Kubernetes
cannot be: its go.mod points at folders that no module holds, so `hyperkube/` has one of our own.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.real import versions
from tests.real.cache import install, part_folder

HYPERKUBE: Final = Path(__file__).with_name("hyperkube")
# Without a version Helm and KEDA take the API server for v0.0 and refuse it.
_MAJOR, _MINOR = versions.KUBERNETES.removeprefix("v").split(".")[:2]
_KUBERNETES_VERSION: Final = " ".join(
    f"-X {package}.git{name}={value}"
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    for name, value in (("Version", versions.KUBERNETES), ("Major", _MAJOR), ("Minor", _MINOR), ("TreeState", "clean"))
)


@dataclass(frozen=True)
class GoPart:
    """Programs of one module at one version: file name → package. An empty `module` is `hyperkube/`."""

    module: str
    version: str
    programs: dict[str, str]
    tags: str = ""
    ldflags: str = ""

    @property
    def built(self) -> str:
        """What its folder in the cache is known by: other tags make another program of the same version."""
        return f"{self.version}-{self.tags}" if self.tags else self.version


PARTS: Final = {
    "kubernetes": GoPart("", versions.KUBERNETES, {"pause": "./pause", "hyperkube": "."}, ldflags=_KUBERNETES_VERSION),
    "coredns": GoPart("github.com/coredns/coredns", versions.COREDNS, {"coredns": "."}),
    # Only scrape targets given in a file, by Kubernetes or by DNS (Compose): the clouds' SDKs would take most of the
    # build.
    "prometheus": GoPart(
        "github.com/prometheus/prometheus",
        versions.PROMTOOL,
        {"prometheus": "./cmd/prometheus"},
        tags="remove_all_sd,enable_kubernetes_sd,enable_dns_sd",
    ),
    "keda": GoPart(
        "github.com/kedacore/keda/v2",
        versions.KEDA,
        {"keda": "./cmd/operator", "keda-adapter": "./cmd/adapter", "keda-admission-webhooks": "./cmd/webhooks"},
        tags="timetzdata",  # an image of this binary alone has no time zones
        ldflags=f"-X github.com/kedacore/keda/v2/version.Version={versions.KEDA.removeprefix('v')}",
    ),
    "compose": GoPart(
        "github.com/docker/compose/v2",
        versions.COMPOSE,
        {"docker-compose": "./cmd"},
        ldflags=f"-X github.com/docker/compose/v2/internal.Version={versions.COMPOSE}",
    ),
}


def program(part: str, name: str) -> Path:
    return part_folder(part, PARTS[part].built) / name


def installed(*names: str) -> bool:
    """Whether these parts are, or all."""
    return all(part_folder(name, PARTS[name].built).is_dir() for name in names or PARTS)


def install_part(name: str) -> bool:
    """False if it was there already. Raises SystemExit with a sentence where there is no Go."""
    return install(name, PARTS[name].built, partial(_build, PARTS[name]))


def module_folder(module: str, version: str) -> Path:
    """Where the Go command keeps a module's files, fetched if need be; they may be read, not changed."""
    told = _go("mod", "download", "-json", f"{module}@{version}", folder=Path("/"))
    return Path(json.loads(told)["Dir"])


def kubernetes_folder() -> Path:
    return Path(_go("list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes", folder=HYPERKUBE).strip())


def _build(part: GoPart, folder: Path) -> None:
    source = module_folder(part.module, part.version) if part.module else HYPERKUBE
    for name, package in part.programs.items():
        flags = ["-trimpath", "-tags", part.tags, "-ldflags", f"-s -w {part.ldflags}"]
        _go("build", *flags, "-o", str(folder / name), package, folder=source)


def _go(*arguments: str, folder: Path) -> str:
    """Its stdout. One package at a time and behind everything else on the machine, unless GOFLAGS says otherwise."""
    go = shutil.which("go")
    if go is None:
        raise SystemExit("the test cluster is built from source and needs Go 1.26 or newer on the PATH")
    environ = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": os.environ.get("GOFLAGS") or "-p=1", "GOWORK": "off"}
    done = subprocess.run(["nice", go, *arguments], cwd=folder, env=environ, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()
