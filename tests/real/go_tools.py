"""Servers written in Go, built from their source by the module proxy's checksums."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Final

from tests.real import versions
from tests.real.cache import install, part_folder

MODULES: Final = {
    "minio": f"github.com/minio/minio@{versions.MINIO}",
    "toxiproxy": f"github.com/Shopify/toxiproxy/v2/cmd/server@{versions.TOXIPROXY}",
}
VERSIONS: Final = {"minio": versions.MINIO, "toxiproxy": versions.TOXIPROXY}


def binary(part: str) -> Path:
    return part_folder(part, VERSIONS[part]) / part


def install_go_part(part: str) -> bool:
    """False if it was there already. Raises SystemExit with a sentence where there is no Go."""
    return install(part, VERSIONS[part], partial(_build, part))


def _build(part: str, folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise SystemExit(f"{part} is built from source and needs Go 1.24 or newer on the PATH")
    environ = os.environ | {"CGO_ENABLED": "0", "GOBIN": str(folder)}
    subprocess.run([go, "install", "-trimpath", "-ldflags", "-s -w", MODULES[part]], env=environ, check=True)
    (built,) = folder.iterdir()
    built.rename(folder / part)
