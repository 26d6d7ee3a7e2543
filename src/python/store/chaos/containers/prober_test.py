from collections.abc import Callable, Iterator
from typing import Any

import pytest

from store.chaos.containers.manifest import UnsupportedManifest
from store.chaos.containers.prober import Prober, ProbeRound
from store.chaos.containers.probes import Probe, probe_of
from store.charttest.objects import Container, Object
from store.server.grpc.testing import wait_until
from store.testing.fake_store import FakeStore, serving

LIVE = {"httpGet": {"path": "/live", "port": "ops"}, "periodSeconds": 0.01, "failureThreshold": 2}
READY = {"httpGet": {"path": "/ready", "port": "ops"}, "periodSeconds": 0.01}


def container(port: int = 9000, **probes: Any) -> Container:
    ports = [{"name": "ops", "containerPort": port}]
    spec = {"containers": [{"name": "it", "image": "i", "ports": ports, **probes}]}
    pod = Object({"kind": "Pod", "metadata": {"name": "it"}, "spec": spec}).pod
    assert pod
    return pod.containers[0]


class FakeProbedPod:
    """A pod whose state the test sets."""

    address, container_name = "127.0.0.1", "it"

    def __init__(self) -> None:
        self.alive, self.stalled, self.lives = True, False, 1


@pytest.fixture
def pod() -> FakeProbedPod:
    return FakeProbedPod()


@pytest.fixture
def probing(pod: FakeProbedPod) -> Iterator[Callable[[Container], Prober]]:
    begun: list[Prober] = []

    def begin(container: Container) -> Prober:
        begun.append(Prober(pod, container))
        begun[-1].start()
        return begun[-1]

    yield begin
    for prober in begun:
        prober.stop()


def test_a_probe_is_what_the_chart_says_and_else_what_kubernetes_does() -> None:
    whole = {"exec": {"command": ["pg_isready"]}, "timeoutSeconds": 5, "failureThreshold": 30}
    assert probe_of(container(livenessProbe=whole), "livenessProbe") == Probe(
        path="",
        port=0,
        command=["pg_isready"],
        delay=0,
        period=10,
        timeout=5,
        failures=30,
        successes=1,
    )
    brief = {"httpGet": {"path": "/live", "port": "ops"}}
    assert probe_of(container(livenessProbe=brief), "livenessProbe") == Probe(
        path="/live", port=9000, command=[], delay=0, period=10, timeout=1, failures=3, successes=1
    )
    assert probe_of(container(), "livenessProbe") is None
    with pytest.raises(UnsupportedManifest, match="grpc"):
        probe_of(container(livenessProbe={"grpc": {"port": 7000}}), "livenessProbe")


def test_only_failures_in_a_row_count() -> None:
    probe = probe_of(container(livenessProbe=LIVE), "livenessProbe")
    assert probe
    asked = ProbeRound(probe, 0.0)
    seen = []
    for passed in (False, True, False, False, True):
        asked.record(passed, 1.0)
        seen.append((asked.is_passed, asked.has_failed))
    assert seen == [(False, False), (True, False), (True, False), (False, True), (True, True)]
    assert asked.due == 1.01


def test_a_pod_gets_traffic_once_it_says_that_it_is_ready(
    pod: FakeProbedPod, probing: Callable[[Container], Prober]
) -> None:
    store = FakeStore([(503, {})] * 2 + [(200, {})] * 1000)
    with serving(store) as url:
        prober = probing(container(int(url.rpartition(":")[2]), readinessProbe=READY))
        assert prober.why_not_ready() != ""
        wait_until(lambda: not prober.why_not_ready())
        assert len(store.requests) >= 3
        pod.alive = False
        assert prober.why_not_ready() == "it has ended"
        pod.alive, pod.lives = True, 2  # another life has to say so itself
        assert prober.why_not_ready() != ""
        wait_until(lambda: not prober.why_not_ready())
        prober.leave()
        assert prober.why_not_ready() == "it is leaving"


def test_where_kubernetes_would_kill_is_recorded_but_not_of_a_stalled_pod(
    pod: FakeProbedPod, probing: Callable[[Container], Prober]
) -> None:
    pod.stalled = True
    store = FakeStore([(500, {})] * 1000)
    with serving(store) as url:
        prober = probing(container(int(url.rpartition(":")[2]), livenessProbe=LIVE))
        wait_until(lambda: len(store.requests) > 6)
        assert prober.killings == []
        pod.stalled = False
        wait_until(lambda: prober.killings != [])
    assert prober.killings[0] == "/live failed 2 times in a row"
