"""What the tests of the release need."""

import pytest

from store.release.objects import Objects
from store.release.testing import SETS, rendered


@pytest.fixture(params=SETS)
def chosen(request: pytest.FixtureRequest) -> str:
    """The name of a set of values: each test that asks is run for each."""
    return str(request.param)


@pytest.fixture
def objects(chosen: str) -> Objects:
    """What an installation with this set of values creates; do not change it."""
    return rendered(*SETS[chosen])


@pytest.fixture
def upgraded(chosen: str) -> Objects:
    """What an upgrade with this set of values creates; do not change it."""
    return rendered(*SETS[chosen], is_upgrade=True)
