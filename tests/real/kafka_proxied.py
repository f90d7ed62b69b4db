"""The session's broker behind a proxy: whoever bootstraps through it stays behind it."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.real.kafka_cluster import KafkaCluster, KafkaNode
from tests.real.kafka_topics import fresh_topics
from tests.real.toxiproxy import Proxy, Toxiproxy

from rockseg_core.adapters.kafka.settings import KafkaSettings


def proxy_for(toxiproxy: Toxiproxy, node: KafkaNode) -> Proxy:
    """Listens where the broker tells its proxied clients to go."""
    body = {
        "name": f"kafka-{node.advertised_proxy_port}",
        "listen": f"127.0.0.1:{node.advertised_proxy_port}",
        "upstream": f"127.0.0.1:{node.proxied_port}",
    }
    made = toxiproxy.api.post("/proxies", json=body).raise_for_status().json()
    return Proxy(toxiproxy.api, made["name"], made["listen"])


@pytest.fixture(scope="session")
def _kafka_proxy(toxiproxy: Toxiproxy, kafka_cluster: KafkaCluster) -> Proxy:
    return proxy_for(toxiproxy, kafka_cluster.nodes[0])


@pytest.fixture
def kafka_proxy(_kafka_proxy: Proxy) -> Iterator[Proxy]:
    """Between a test and the session's broker; heals at the end."""
    yield _kafka_proxy
    _kafka_proxy.heal()


async def topics_behind(
    proxy: Proxy, cluster: KafkaCluster, partitions: int = 1
) -> tuple[KafkaSettings, KafkaSettings]:
    """New topics, as reached through the proxy and directly."""
    direct = await fresh_topics(cluster.bootstrap, partitions)
    return msgspec.structs.replace(direct, brokers=proxy.address), direct
