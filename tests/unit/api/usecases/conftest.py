from collections.abc import AsyncIterator

import pytest
from tests.unit.api.usecases.rig import Rig, rigged
from tests.unit.api.view.replicas import Site, new_site


@pytest.fixture
def site() -> Site:
    return new_site()


@pytest.fixture
async def rig(site: Site) -> AsyncIterator[Rig]:
    async with rigged(site) as replica:
        yield replica
