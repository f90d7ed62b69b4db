"""The folder that keeps real parts: whole or not at all, and loud where it is empty."""

import threading
from pathlib import Path

import pytest
from tests.real.cache import cache_folder, install, part_folder
from tests.real.choice import no_real_part
from tests.real.install import INSTALLERS, main


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCKSEG_CACHE", str(tmp_path / "cache"))


def build(folder: Path) -> None:
    (folder / "server").write_text("x")


def test_a_part_is_built_once_and_its_folder_bears_its_version() -> None:
    assert install("minio", "v1", build)
    assert not install("minio", "v1", build)
    assert install("minio", "v2", build)
    assert (part_folder("minio", "v1") / "server").read_text() == "x"
    assert {place.name for place in cache_folder().iterdir()} == {"minio-v1", "minio-v2", "minio.lock"}


def test_a_build_that_fails_leaves_nothing_that_looks_whole() -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        install("minio", "v1", fail)
    assert not part_folder("minio", "v1").exists()
    assert [place.name for place in cache_folder().iterdir()] == ["minio.lock"]
    assert install("minio", "v1", build)


def test_two_that_install_the_same_part_at_once_build_it_once() -> None:
    built: list[Path] = []

    def slowly(folder: Path) -> None:
        built.append(folder)
        build(folder)

    threads = [threading.Thread(target=install, args=("minio", "v1", slowly)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_a_missing_part_skips_loudly_and_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROCKSEG_REQUIRE_REAL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make deps-real"):
        no_real_part("S3 store")
    monkeypatch.setenv("ROCKSEG_REQUIRE_REAL", "1")
    with pytest.raises(pytest.fail.Exception, match="make deps-real"):
        no_real_part("S3 store")


def test_the_command_knows_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"minio", "toxiproxy", "kafka"} <= set(INSTALLERS)
    assert main(["nothing"]) == 2
    assert "minio" in capsys.readouterr().err
