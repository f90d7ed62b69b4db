"""Which real part a test gets: an endpoint from the environment, a container, a native process; or a skip, loudly."""

import os
from functools import cache
from typing import Final, NoReturn

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

REQUIRE: Final = "ROCKSEG_REQUIRE_REAL"
ENGINE_SECONDS: Final = 2  # whoever has no engine, or no registry, must not wait for it


def no_real_part(name: str) -> NoReturn:
    """Skips the test; with ROCKSEG_REQUIRE_REAL=1, fails it."""
    reason = f"there is no {name} to test with: run `make deps-real`, which takes minutes and needs no Docker"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason} ({REQUIRE} is set)", pytrace=False)
    pytest.skip(reason)


@cache
def container_runs(image: str) -> bool:
    """Whether a Docker engine answers that has the image, or a registry that does."""
    try:
        engine = docker.from_env(timeout=ENGINE_SECONDS)
    except DockerException:
        return False
    try:
        engine.ping()
        try:
            engine.images.get(image)
        except ImageNotFound:
            engine.images.get_registry_data(image)
    except (DockerException, OSError):
        return False
    else:
        return True
    finally:
        engine.close()
