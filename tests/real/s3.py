"""The S3 store of a test session: one from the environment, else a container, else a process of our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.certificates import Authority
from tests.real.choice import container_runs, no_real_part
from tests.real.go_tools import binary
from tests.real.s3_server import MinioProcess, S3Server, given_server, minio_container
from tests.real.versions import MINIO_IMAGE


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for the session, which a test may reach through a proxy but must not stop: others use it too."""
    if (given := given_server()) is not None:
        yield given
    elif container_runs(MINIO_IMAGE):
        with minio_container() as server:
            yield server
    else:
        yield from _native(tmp_path_factory)


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> Iterator[str]:
    """A new bucket on `s3_server`, gone with the test."""
    with s3_server.bucket() as name:
        yield name


@pytest.fixture
def own_minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioProcess]:
    """A server for this test alone, which it may pause, kill and start again."""
    yield from _run(tmp_path_factory)


@pytest.fixture(scope="session")
def minio_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioProcess]:
    """A server that speaks TLS, with a certificate by a CA of the test's own (`server.ca_file`); others use it too."""
    folder = tmp_path_factory.mktemp("minio-ca")
    authority = Authority(folder)
    certificates = authority.issue("minio").certificate.parent
    yield from _run(tmp_path_factory, certificates, authority.ca_file)


def _native(factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    for minio in _run(factory):
        yield minio.server


def _run(
    factory: pytest.TempPathFactory, certificates: Path | None = None, ca_file: Path | None = None
) -> Iterator[MinioProcess]:
    if not binary("minio").exists():
        no_real_part("S3 store")
    minio = MinioProcess(factory.mktemp("minio"), certificates, ca_file)
    try:
        minio.start()
        yield minio
    finally:
        minio.process.stop()
