from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.log_parts import LocalLogPart, LogPart, MemoryLogPart
from tests.contract.store_parts import LocalStorePart, MemoryStorePart, StorePart

# A part that needs a broker or a server comes in as pytest.param(…, marks=…); its class skips where it has none.
STORES = [pytest.param(MemoryStorePart, id="memory"), pytest.param(LocalStorePart, id="local")]
LASTING_STORES = STORES[1:]
LOGS = [pytest.param(MemoryLogPart, id="memory"), pytest.param(LocalLogPart, id="local")]
LASTING_LOGS = LOGS[1:]


@pytest.fixture(params=STORES)
async def store_part(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StorePart]:
    part = request.param(tmp_path / "data")
    yield part
    await part.close()


@pytest.fixture(params=LOGS)
async def part(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogPart]:
    """A log with one partition."""
    part = request.param(tmp_path / "data", 1)
    yield part
    await part.close()


@pytest.fixture(params=LOGS)
async def wide(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogPart]:
    """A log with three partitions."""
    part = request.param(tmp_path / "data", 3)
    yield part
    await part.close()


@pytest.fixture(params=LASTING_LOGS)
async def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogPart]:
    """A log of one partition that outlives its process."""
    part = request.param(tmp_path / "data", 1)
    yield part
    await part.close()


@pytest.fixture(params=LASTING_STORES)
async def lasting_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StorePart]:
    part = request.param(tmp_path / "data")
    yield part
    await part.close()
