"""The cluster, what a platform team has beside it, and our images in it: once for all tests of a session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster import cluster, images
from tests.cluster.go_parts import installed
from tests.cluster.place import NODE_IP
from tests.cluster.release import CHART, Platform
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars
from tests.real.s3_server import MinioProcess

BROKERS = 3  # the chart's topics have three copies by default


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


def needs_parts(*names: str, further: Path | None = None) -> None:
    """Of the programs built from Go modules those named, or all; and the file `further`."""
    if os.geteuid() != 0 or not installed(*names) or (further and not further.is_file()):
        pytest.fail("the cluster needs root and what `make test-cluster` builds before the tests", pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def running_cluster() -> Iterator[None]:
    """One that was up before stays up."""
    needs_parts()
    was_up = cluster.is_up()
    try:
        if not was_up:
            cluster.up()
        yield
    finally:
        if not was_up:
            cluster.down()


@pytest.fixture(scope="session")
def running_docker() -> Iterator[None]:
    with cluster.docker_runs():
        yield


@pytest.fixture(scope="session")
def built_images(running_docker: None) -> dict[str, str]:  # noqa: ARG001  # it has to run
    """Both, by target, under the names that the chart asks for."""
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    built = {target: images.build(target, {"VERSION": version}) for target in ("api", "inference")}
    for target, name in built.items():
        images.put_into_cluster(name, f"docker.io/library/rockseg-{target}:{version}")
    return built


@pytest.fixture(scope="session")
def platform(built_images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Our images in the cluster, and Kafka and a store on this machine beside it."""
    jars = installed_jars()
    assert jars is not None, "run `make deps-real`"
    kafka = KafkaCluster(jars, tmp_path_factory.mktemp("kafka"), brokers=BROKERS, host=NODE_IP)
    minio = MinioProcess(tmp_path_factory.mktemp("minio"), host=NODE_IP)
    try:
        minio.start()
        kafka.start()
        yield Platform(kafka.bootstrap, minio, built_images)
    finally:
        kafka.stop()
        minio.process.stop()
