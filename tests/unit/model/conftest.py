"""A bundle of random weights: small enough to make, true enough to load, tamper with and run."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rockseg_core.domain.manifest import Normalisation
from rockseg_core.testing.null_segmenter import NULL_CLASSES

REAL_SHAPES = ((1024, 256), (256, 1024), (704, 384), (384, 704), (512, 512))


@pytest.fixture(scope="session")
def random_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read only: tests that change something take `bundle_copy`."""
    import torch

    from rockseg_model.bundle_writer import write_bundle
    from rockseg_model.network import build_network

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bundle") / "random"
    write_bundle(
        folder,
        name="random",
        version="0.1",
        classes=NULL_CLASSES,
        core_width_px=160,
        tile_shapes=REAL_SHAPES,
        normalisation=Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        temperature=1.0,
        thresholds={"confident": 0.5},
        state_dict=build_network(len(NULL_CLASSES)).state_dict(),
        card="# Random weights\n",
    )
    return folder


@pytest.fixture
def bundle_copy(random_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(random_bundle, tmp_path / "bundle"))


@pytest.fixture
def rewrite_manifest(bundle_copy: Path) -> Callable[[Callable[[dict], None]], Path]:
    """Edit the manifest's JSON; the files keep their digests."""
    import json

    def rewrite(edit: Callable[[dict], None]) -> Path:
        path = bundle_copy / "manifest.json"
        content = json.loads(path.read_text())
        edit(content)
        path.write_text(json.dumps(content))
        return bundle_copy

    return rewrite
