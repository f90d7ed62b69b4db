from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.e2e.deployment import Deployment, deployed
from tests.faults.witness import Witness, witnessing
from tests.real.kafka_topics import fresh_topics
from tests.real.s3_server import S3Server

from rockseg_core.adapters.kafka.settings import KafkaSettings

PARTITIONS = 8


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
async def topics(kafka_bootstrap: str) -> KafkaSettings:
    return await fresh_topics(kafka_bootstrap, PARTITIONS)


@pytest.fixture
def deployment(tmp_path: Path, topics: KafkaSettings, s3_server: S3Server, s3_bucket: str) -> Iterator[Deployment]:
    with deployed(tmp_path, topics, s3_server.environ(s3_bucket)) as deployment:
        yield deployment


@pytest.fixture
async def witness(topics: KafkaSettings) -> AsyncIterator[Witness]:
    async with witnessing(topics) as witness:
        yield witness
