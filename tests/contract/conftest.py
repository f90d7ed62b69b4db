from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.kafka_parts import KafkaLogPart
from tests.contract.log_parts import LocalLogPart, LogPart, MemoryLogPart
from tests.contract.store_parts import LocalStorePart, MemoryStorePart, S3StorePart, StorePart

# A part that needs a broker or a server comes in as pytest.param(…, marks=…); its class skips where it has none.
STORES = [
    pytest.param(MemoryStorePart, id="memory"),
    pytest.param(LocalStorePart, id="local"),
    pytest.param(S3StorePart, id="s3"),
]
LASTING_STORES = STORES[1:]
LOGS = [
    pytest.param(MemoryLogPart, id="memory"),
    pytest.param(LocalLogPart, id="local"),
    pytest.param(KafkaLogPart, id="kafka"),
]
LASTING_LOGS = LOGS[1:]


@pytest.fixture(params=STORES)
async def store_part(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StorePart]:
    part = _store_part(request, tmp_path)
    yield part
    await part.close()


@pytest.fixture(params=LOGS)
async def part(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogPart]:
    """A log with one partition."""
    part = await _log_part(request, tmp_path, partitions=1)
    yield part
    await part.close()


@pytest.fixture(params=LOGS)
async def wide(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogPart]:
    """A log with three partitions."""
    part = await _log_part(request, tmp_path, partitions=3)
    yield part
    await part.close()


@pytest.fixture(params=LASTING_LOGS)
async def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogPart]:
    """A log of one partition that outlives its process."""
    part = await _log_part(request, tmp_path, partitions=1)
    yield part
    await part.close()


@pytest.fixture(params=LASTING_STORES)
async def lasting_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StorePart]:
    part = _store_part(request, tmp_path)
    yield part
    await part.close()


async def _log_part(request: pytest.FixtureRequest, tmp_path: Path, partitions: int) -> LogPart:
    if request.param is KafkaLogPart:
        part = KafkaLogPart(request.getfixturevalue("kafka_bootstrap"), partitions)
        await part.open()
        return part
    return request.param(tmp_path / "data", partitions)


def _store_part(request: pytest.FixtureRequest, tmp_path: Path) -> StorePart:
    if request.param is S3StorePart:
        return S3StorePart(request.getfixturevalue("s3_server"), request.getfixturevalue("s3_bucket"))
    return request.param(tmp_path / "data")
