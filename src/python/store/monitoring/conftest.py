"""What the tests of what ops see need."""

import pytest

from store.monitoring.programs import prometheus_program
from store.monitoring.promtool import promtool_program
from store.monitoring.testing import needed


@pytest.fixture(scope="session")
def promtool() -> str:
    return needed(promtool_program)


@pytest.fixture(scope="session")
def prometheus_path() -> str:
    return needed(prometheus_program)
