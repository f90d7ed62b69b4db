"""A broker in a container, where a Docker engine answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.real.kafka_cluster import wait_for_brokers
from tests.real.process import free_port
from tests.real.versions import KAFKA_IMAGE


@contextmanager
def kafka_container() -> Iterator[str]:
    """Where it listens; it tells its clients to come to the same port of this machine."""
    from testcontainers.core.container import DockerContainer

    port = free_port()
    environ = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": f"CLIENT://0.0.0.0:{port},CONTROLLER://127.0.0.1:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "500",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port)
    for name, value in environ.items():
        container = container.with_env(name, value)
    with container:
        address = f"127.0.0.1:{port}"
        wait_for_brokers(address, 1, lambda: None)
        yield address
