"""Doors on the loopback, and what may lie in wait there."""

from collections.abc import Iterator

import pytest

from store.chaos.proxies.fault_rule import Ambushes
from store.chaos.proxies.proxies import Doors
from store.chaos.proxies.testing import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def ambushes() -> Ambushes:
    return Ambushes()


@pytest.fixture
def killed() -> list[str]:
    return []


@pytest.fixture
def doors(ambushes: Ambushes, killed: list[str]) -> Iterator[Doors]:
    with Doors(ambushes, killed.append) as doors:
        yield doors
