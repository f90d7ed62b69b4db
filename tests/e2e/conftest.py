from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rockseg_standalone.process import UpProcess, running_up


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, UpProcess]]:
    """A `rockseg up` with the bundle that comes along: (address, process)."""
    with running_up(tmp_path_factory.mktemp("up")) as running:
        yield running


@pytest.fixture(scope="session")
def core_png(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small photo that decodes to the same pixels everywhere."""
    rows, columns = np.mgrid[0:420, 0:150]
    pixels = np.stack([90 + rows // 6 % 120, 60 + columns % 140, 40 + (rows + columns) % 180], axis=2).astype(np.uint8)
    path = tmp_path_factory.mktemp("photos") / "core.png"
    Image.fromarray(pixels).save(path)
    return path
