import pytest
from tests.unit.api.view.replicas import Site, new_site


@pytest.fixture
def site() -> Site:
    return new_site()
