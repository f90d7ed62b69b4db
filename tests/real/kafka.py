"""The broker of a test session: one from the environment, else a container, else a process of our own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.choice import container_runs, no_real_part
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_container import kafka_container
from tests.real.kafka_install import installed_jars
from tests.real.versions import KAFKA_IMAGE


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a real broker listens: ROCKSEG_TEST_KAFKA, else a container, else `kafka_cluster`."""
    given = os.environ.get("ROCKSEG_TEST_KAFKA")
    if given:
        yield given
    elif container_runs(KAFKA_IMAGE):
        with kafka_container() as address:
            yield address
    else:
        cluster: KafkaCluster = request.getfixturevalue("kafka_cluster")
        yield cluster.bootstrap


@pytest.fixture(scope="session")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """One broker of our own, which a test may reach through a proxy but must not stop: others use it too."""
    cluster = KafkaCluster(_jars(), tmp_path_factory.mktemp("kafka"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """One broker for this test alone, which it may stop, kill and pause."""
    cluster = KafkaCluster(_jars(), tmp_path_factory.mktemp("kafka"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Three brokers for this test alone; every topic has three replicas, of which two must have a record."""
    cluster = KafkaCluster(
        _jars(), tmp_path_factory.mktemp("kafka"), brokers=3, properties={"min.insync.replicas": "2"}
    )
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _jars() -> Path:
    return installed_jars() or no_real_part("Kafka")
