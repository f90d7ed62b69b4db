"""A user's checkout and what is typed in it, with the Docker of the tests behind it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml
from tests.cluster.go_parts import program
from tests.cluster.images import CHECKOUT, base_image, build_secrets
from tests.cluster.place import DOCKER, ROOT

FOLDER: Final = Path("deploy/compose")
_OF_THIS_MACHINE: Final = "of-this-machine.yaml"


class Checkout:
    """A copy, since the README has a user write files into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (CHECKOUT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(CHECKOUT / name, folder / name)
        (folder / FOLDER / _OF_THIS_MACHINE).write_text(yaml.safe_dump(_of_this_machine()))
        plugins = ROOT / "docker-config/cli-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        (plugins / "docker-compose").unlink(missing_ok=True)
        (plugins / "docker-compose").symlink_to(program("compose", "docker-compose"))
        self._environ = os.environ | {
            "PATH": f"/usr/bin:{os.environ['PATH']}",  # Debian's `docker`, whichever else there is
            "DOCKER_HOST": f"unix://{DOCKER}",
            "DOCKER_CONFIG": str(plugins.parent),
            "COMPOSE_FILE": f"compose.yaml:{_OF_THIS_MACHINE}",
        }

    def readme(self) -> list[str]:
        """The lines that its README has one type."""
        lines = (self.folder / FOLDER / "README.md").read_text().partition("```console\n")[2].partition("```")[0]
        return lines.splitlines()

    def typed(self, *lines: str, at: Path = FOLDER, seconds: float = 600) -> str:
        """What that prints. Raises AssertionError with all that was said where a line fails."""
        done = self.tried(*lines, at=at, seconds=seconds)
        assert done.returncode == 0, f"{lines}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def tried(self, *lines: str, at: Path = FOLDER, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-ec", "\n".join(lines)],
            cwd=self.folder / at,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """As `docker inspect` tells of them, those that have ended too."""
        ids = self.typed(f"docker compose ps --all --quiet {' '.join(services)}").split()
        found: list[dict[str, Any]] = json.loads(self.typed(f"docker inspect {' '.join(ids)}")) if ids else []
        return found


def _of_this_machine() -> dict[str, Any]:
    """What deploy/docker/README.md has one give to a build behind a mirror; and no Grafana, which has no stand-in."""
    secrets = build_secrets()
    build = {"args": {"PYTHON_IMAGE": base_image()}, "network": "host", "secrets": list(secrets)}
    return {
        "services": {"api": {"build": build}, "inference": {"build": build}, "grafana": {"profiles": ["left out"]}},
        "secrets": {name: {"file": str(file)} for name, file in secrets.items()},
    }
