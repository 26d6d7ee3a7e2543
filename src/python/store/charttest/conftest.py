"""What the tests of the release need."""

import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from store.charttest import helm
from store.charttest.objects import Objects
from store.charttest.testing import SETS, rendered
from store.testing.missing_programs import skip_without


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """A test that asks helm itself ends like one that asks for what is rendered."""
    try:
        return (yield)
    except helm.HelmMissing as missing:
        skip_without(str(missing))


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


@pytest.fixture(scope="module")
def next_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with the version after this one."""
    copy = tmp_path_factory.mktemp("next") / "virtual-store"
    shutil.copytree(helm.CHART, copy)
    chart = copy / "Chart.yaml"
    changed = re.sub(r"(?m)^version: .*", "version: 99.0.0", chart.read_text())
    chart.write_text(re.sub(r"(?m)^appVersion: .*", "appVersion: next", changed))
    return copy
