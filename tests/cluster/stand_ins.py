"""The images that compose.yaml takes from a registry, made here under the same names, for there is no registry.

`stand-ins/Dockerfile` says what of the real ones they keep. Grafana has none: it is in no registry of packages.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.cluster import go_parts, seaweedfs
from tests.cluster.images import base_image, docker
from tests.cluster.place import ROOT
from tests.real import versions
from tests.real.kafka_install import installed_jars

_FILES: Final = Path(__file__).with_name("stand-ins")
_, _PROMETHEUS, _PATCH = versions.PROMTOOL.split(".")  # the module v0.313.5 is the release 3.13.5
NAMES: Final = {
    "kafka": versions.KAFKA_IMAGE,
    "seaweedfs": f"chrislusf/seaweedfs:{versions.SEAWEEDFS}",
    "prometheus": f"prom/prometheus:v{int(_PROMETHEUS) // 100}.{int(_PROMETHEUS) % 100}.{_PATCH}",
}


def build_stand_ins() -> None:
    parts: dict[str, Callable[[Path], object]] = {
        "kafka": _java_and_jars,
        "seaweedfs": _weed,
        "prometheus": _prometheus,
    }
    for target, put_programs in parts.items():
        context = ROOT / "stand-ins"
        shutil.rmtree(context, ignore_errors=True)
        shutil.copytree(_FILES, context)
        put_programs(context)
        base = f"--build-arg=BASE={base_image()}"
        docker("build", "--quiet", "--network=none", f"--target={target}", base, f"--tag={NAMES[target]}", context)
        shutil.rmtree(context)


def _java_and_jars(context: Path) -> None:
    """This machine's Java: that it runs on Debian 12 is what the README of the cluster asks for anyway."""
    jars = installed_jars()  # none either where there is no Java
    java = shutil.which("java")
    assert jars, "run `make deps-real`"
    assert java
    shutil.copytree(jars, context / "jars")
    left_out = shutil.ignore_patterns("jmods", "src.zip", "man", "docs", "legal", "include")
    shutil.copytree(Path(java).resolve().parents[1], context / "java", ignore=left_out, ignore_dangling_symlinks=True)


def _weed(context: Path) -> None:
    shutil.copy(seaweedfs.program(), context)


def _prometheus(context: Path) -> None:
    shutil.copy(go_parts.program("prometheus", "prometheus"), context)
