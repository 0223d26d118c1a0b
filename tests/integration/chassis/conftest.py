"""Every test here runs against each of the five services."""

import pytest

from tests.conftest import SERVICES


@pytest.fixture(params=SERVICES)
def service_name(request: pytest.FixtureRequest) -> str:
    """One service after the other."""
    name = request.param
    assert isinstance(name, str)
    return name
