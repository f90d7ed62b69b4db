from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.api.http.api_under_test import Api, api_on_fakes

from rockseg_api.settings import ApiSettings

SMALL_PHOTO = 100_000


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings(
        port=0,
        metrics_port=0,
        photo_max_bytes=SMALL_PHOTO,
        upload_memory_bytes=250_000,
        photo_max_pixels=1_000_000,
        submit_rate=1000,
        submit_burst=1000,
    )


@pytest.fixture
async def api(tmp_path: Path, settings: ApiSettings) -> AsyncIterator[Api]:
    async with api_on_fakes(tmp_path, settings) as running:
        yield running


@pytest.fixture
async def served(tmp_path: Path, settings: ApiSettings) -> AsyncIterator[Api]:
    async with api_on_fakes(tmp_path, settings, serve=True) as running:
        yield running
