import asyncio
from collections.abc import AsyncIterator

import pytest
from inference_works import GatedSegmenter, Works


@pytest.fixture
async def works() -> AsyncIterator[Works]:
    works = Works()
    yield works
    if isinstance(works.segmenter, GatedSegmenter):
        works.segmenter.gate.set()
    if works.running is not None and not works.running.done():
        works.running.cancel()
        await asyncio.gather(works.running, return_exceptions=True)
