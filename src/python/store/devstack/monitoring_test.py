"""A store that is watched, once: every process answers a real Prometheus, which has our rules."""

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store.devstack.ports import HOST, Ports, free_base
from store.monitoring.programs import prometheus_program
from store.monitoring.prometheus import Client
from store.monitoring.targets import SERVICE_OF
from store.monitoring.testing import needed
from store.testing.folders import short_folder
from store.testing.programs import UpProcess
from store.testing.wait import wait_for


@pytest.fixture
def data() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def ports() -> Ports:
    return Ports(free_base(monitored=True), monitored=True)


@pytest.fixture
def up(data: Path, ports: Ports) -> Iterator[UpProcess]:
    needed(prometheus_program)
    running = UpProcess(data, ports.base, "--monitoring")
    yield running
    if not running.ended:
        running.end(signal.SIGTERM)


@pytest.fixture
def prometheus(up: UpProcess, ports: Ports) -> Iterator[Client]:
    up.wait_until_ready()
    with closing(Client(f"http://{HOST}:{ports.prometheus}")) as client:
        wait_for(client.is_ready, 30)
        yield client


def test_prometheus_reaches_every_process_and_follows_every_rule(
    up: UpProcess, prometheus: Client
) -> None:
    wait_for(lambda: all_health(prometheus) == {"up"}, 60)
    assert {target["labels"]["job"] for target in prometheus.targets()} == set(SERVICE_OF)
    wait_for(lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"}, 60)
    assert up.has_said(prometheus.url)
    wait_for(lambda: prometheus.query('audit_runs_total{outcome="clean"} > 0'), 60)

    assert up.end(signal.SIGTERM) == 0
    assert not prometheus.is_ready()
    assert not up.has_said("ended by itself")


def all_health(prometheus: Client) -> set[str]:
    return {target["health"] for target in prometheus.targets()}
