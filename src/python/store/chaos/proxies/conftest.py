"""Fault proxies on the loopback, and their rules."""

from collections.abc import Iterator

import pytest

from store.chaos.proxies.fault_rule import FaultRules
from store.chaos.proxies.proxies import FaultProxies
from store.chaos.testing.http_servers import CountingServer


@pytest.fixture
def server() -> CountingServer:
    return CountingServer()


@pytest.fixture
def rules() -> FaultRules:
    return FaultRules()


@pytest.fixture
def killed() -> list[str]:
    return []


@pytest.fixture
def proxies(rules: FaultRules, killed: list[str]) -> Iterator[FaultProxies]:
    with FaultProxies(rules, killed.append) as proxies:
        yield proxies
