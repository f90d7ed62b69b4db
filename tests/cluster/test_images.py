"""What our images hold beside their base: how much, and nothing that does not belong there."""

import gzip
import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import Final

import pytest
from tests.cluster.images import SECRET_OF_THE_BUILD, base_image, docker

MB: Final = 1_000_000
UNPACKED_MB: Final = {"api": 400, "inference": 1500}
API_COMPRESSED_MB: Final = 150
COMPILERS: Final = re.compile(r"(cc|c\+\+|gcc|g\+\+|clang|cpp|ld|as|cc1|nvcc|ptxas|zig|tcc|go|rustc|protoc)(-[\d.]+)?")
PRIVATE_KEY: Final = re.compile(rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\n")
# Somebody's user, as on OpenShift, on a root that takes no byte.
STRICT: Final = ("--read-only", "--tmpfs=/tmp", "--user=54321:0", "--cap-drop=ALL", "--network=none")


@pytest.fixture(scope="module", params=UNPACKED_MB)
def target(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def layers(target: str, built_images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ours, each a tar file; those of the base come first in an image."""
    folder = tmp_path_factory.mktemp(target)
    docker("save", "--output", folder / "image.tar", built_images[target])
    with tarfile.open(folder / "image.tar") as archive:
        names = json.loads(_read(archive, "manifest.json"))[0]["Layers"]
        ours = names[len(_described(base_image())["RootFS"]["Layers"]) :]
        archive.extractall(folder, members=[archive.getmember(name) for name in ours], filter="data")
    (folder / "image.tar").unlink()
    return [folder / name for name in ours]


def test_an_image_is_small(target: str, layers: list[Path]) -> None:
    unpacked = sum(member.size for layer in layers for member in _members(layer)) / MB
    print(f"\n{target}: {unpacked:.0f} MB unpacked")  # noqa: T201

    assert unpacked <= UNPACKED_MB[target]


def test_the_api_is_fetched_quickly(target: str, layers: list[Path]) -> None:
    if target != "api":
        pytest.skip("the bound is the API's")
    compressed = 0
    for layer in layers:
        packed = layer.with_suffix(".gz")
        with layer.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as out:
            shutil.copyfileobj(plain, out)
        compressed += packed.stat().st_size
    print(f"\n{target}: {compressed / MB:.0f} MB compressed")  # noqa: T201

    assert compressed / MB <= API_COMPRESSED_MB


def test_no_layer_has_a_compiler(layers: list[Path]) -> None:
    names = [member.name for layer in layers for member in _members(layer) if member.mode & 0o111]
    assert len(names) > 5

    assert [name for name in names if COMPILERS.fullmatch(Path(name).name)] == []


def test_no_secret_is_in_a_layer_or_in_what_is_told_of_them(
    target: str, layers: list[Path], built_images: dict[str, str]
) -> None:
    told = json.dumps(_described(built_images[target])) + docker("history", "--no-trunc", built_images[target])
    assert SECRET_OF_THE_BUILD not in told
    for layer in layers:
        body = layer.read_bytes()
        assert SECRET_OF_THE_BUILD.encode() not in body
        assert not PRIVATE_KEY.search(body)


def test_it_starts_as_any_user_on_a_root_that_cannot_be_written(target: str, built_images: dict[str, str]) -> None:
    if target == "api":
        assert "rockseg-api" in docker("run", "--rm", *STRICT, built_images[target], "--version")
    else:
        works = "from rockseg_inference.bootstrap import load_segmenter as load; print(load('/opt/model').self_test())"
        run = ["run", "--rm", *STRICT, "--entrypoint=python", built_images[target], "-c", works]
        assert docker(*run).split() == ["True"]


def test_it_says_what_it_is_and_runs_as_nobody_of_note(target: str, built_images: dict[str, str]) -> None:
    config = _described(built_images[target])["Config"]

    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.title"] == f"rockseg-{target}"
    assert config["Labels"]["org.opencontainers.image.version"] != "0.0.0"


def _described(image: str) -> dict[str, dict[str, object]]:
    (found,) = json.loads(docker("image", "inspect", image))
    return dict(found)


def _members(layer: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(layer) as archive:
        return [member for member in archive.getmembers() if member.isfile()]


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()
